import { DomainCertificate, type DomainCertificateArgs } from "../../../components/index.ts";
import { describeArguments, describePreview, describeRefusals, tree } from "../../support/cases.ts";
import { at } from "../../support/podSecurity.ts";
import { record } from "../../support/recorder.ts";

const make = (name: string, args: DomainCertificateArgs) => new DomainCertificate(name, args);
const base: DomainCertificateArgs = {
  project: "my-project",
  domain: "ml.example.com",
  hostNames: ["mlflow.ml.example.com", "predict.ml.example.com"],
};

const withoutZone = [
  "gcp:certificatemanager/certificate:Certificate d-certificate < d",
  "gcp:certificatemanager/certificateMap:CertificateMap d-map < d",
  "gcp:certificatemanager/certificateMapEntry:CertificateMapEntry d-mlflow-entry < d",
  "gcp:certificatemanager/certificateMapEntry:CertificateMapEntry d-predict-entry < d",
  "gcp:certificatemanager/dnsAuthorization:DnsAuthorization d-authorization < d",
  "gcp:compute/globalAddress:GlobalAddress d-address < d",
  "gcp:compute/sSLPolicy:SSLPolicy d-tls < d",
  "mlops:index:DomainCertificate d",
];

test("makes an address, a certificate and a map with only the named hosts", async () => {
  const { resources, find } = await record(() => make("d", base));
  expect(tree(resources)).toEqual(withoutZone);
  expect(find("d-certificate").inputs["managed"]).toEqual({
    domains: ["*.ml.example.com"],
    dnsAuthorizations: ["d-authorization-id"],
  });
  expect(find("d-mlflow-entry").inputs).toMatchObject({
    map: "d-map-1a2b3c",
    hostname: "mlflow.ml.example.com",
    certificates: ["d-certificate-id"],
  });
  expect(find("d-tls").inputs).toEqual({
    project: "my-project",
    profile: "MODERN",
    minTlsVersion: "TLS_1_2",
  });
});

test("outputs the records that the domain must have", async () => {
  const { find } = await record(() => make("d", base));
  expect(find("d").outputs).toEqual({
    address: "203.0.113.8",
    addressName: "d-address-1a2b3c",
    certificateMapName: "d-map-1a2b3c",
    sslPolicyName: "d-tls-1a2b3c",
    dnsRecords: [
      "_acme-challenge.ml.example.com. 300 IN CNAME d-authorization-1a2b3c.authorize.test.",
      "mlflow.ml.example.com. 300 IN A 203.0.113.8",
      "predict.ml.example.com. 300 IN A 203.0.113.8",
    ],
    monthlyCostUsd: 18.25,
  });
});

test("writes those records into a zone of Cloud DNS", async () => {
  const { resources, find } = await record(() => make("d", { ...base, dnsZone: "zone" }));
  expect(tree(resources)).toEqual(
    [
      ...withoutZone,
      "gcp:dns/recordSet:RecordSet d-mlflow-record < d",
      "gcp:dns/recordSet:RecordSet d-predict-record < d",
      "gcp:dns/recordSet:RecordSet d-record < d",
    ].sort(),
  );
  const common = { project: "my-project", managedZone: "zone", ttl: 300 };
  expect(find("d-record").inputs).toEqual({
    ...common,
    name: "_acme-challenge.ml.example.com.",
    type: "CNAME",
    rrdatas: ["d-authorization-1a2b3c.authorize.test."],
  });
  expect(find("d-mlflow-record").inputs).toEqual({
    ...common,
    name: "mlflow.ml.example.com.",
    type: "A",
    rrdatas: ["203.0.113.8"],
  });
});

test("a further host does not change the certificate", async () => {
  const before = await record(() => make("d", base));
  const hostNames = [...base.hostNames, "models.ml.example.com"];
  const after = await record(() => make("d", { ...base, hostNames }));
  expect(after.find("d-certificate").inputs).toEqual(before.find("d-certificate").inputs);
});

test("another domain gets another certificate", async () => {
  const elsewhere = { domain: "ai.example.com", hostNames: ["mlflow.ai.example.com"] };
  const { find } = await record(() => make("d", { ...base, ...elsewhere }));
  expect(find("d-authorization").inputs["domain"]).toBe("ai.example.com");
  expect(at(find("d-certificate").inputs, "managed", "domains")).toEqual(["*.ai.example.com"]);
});

const labelled = ["address", "authorization", "certificate", "map", "mlflow-entry"];
const everything = [...labelled, "predict-entry"].map((part) => `d-${part}`);

describeArguments(make, "d", base, {
  project: {
    value: "other-project",
    changes: [...everything, "d-tls"].map((name) => `${name} project: my-project → other-project`),
  },
  // alone it would not fit the hosts: see the test above
  domain: { value: base.domain, changes: [] },
  hostNames: {
    value: ["mlflow.ml.example.com"],
    changes: [
      "- d-predict-entry",
      "d outputs.dnsRecords[2]: predict.ml.example.com. 300 IN A 203.0.113.8 → ∅",
    ],
  },
  dnsZone: { value: "zone", changes: ["+ d-mlflow-record", "+ d-predict-record", "+ d-record"] },
  labels: {
    value: { team: "blue" },
    changes: everything.map((name) => `${name} labels.team: ∅ → blue`),
  },
});

const domainRule =
  'DomainCertificate "d": domain must be a domain such as mlops.example.com: lower-case letters, digits, dashes and dots, at most 64 characters, without scheme, port, path or wildcard';
const hostRule =
  'DomainCertificate "d": hostNames[0] must be one label and the domain, such as mlflow.ml.example.com: lower-case letters, digits and dashes, at most 64 characters';

describeRefusals(make, "d", base, [
  [{ domain: "" }, 'DomainCertificate "d": domain must be given'],
  ...[
    "https://ml.example.com",
    "*.example.com",
    "ML.example.com",
    "example",
    "ml.example.com.",
    "ml.example.com:443",
    "-ml.example.com",
    "ml..example.com",
    "203.0.113.8",
    `${"long".repeat(14)}.example.com`,
  ].map((domain): [Partial<DomainCertificateArgs>, string] => [{ domain }, domainRule]),
  ...["ml.example.com", "a.b.ml.example.com", "*.ml.example.com", "mlflow.example.org"].map(
    (host): [Partial<DomainCertificateArgs>, string] => [{ hostNames: [host] }, hostRule],
  ),
  [
    { hostNames: [] },
    'DomainCertificate "d": hostNames must not be empty; name the hosts that people open, such as those of exposedHostNames',
  ],
  [
    { hostNames: ["mlflow.ml.example.com", "mlflow.ml.example.com"] },
    'DomainCertificate "d": hostNames must differ from each other; name each host once',
  ],
  [
    { dnsZone: "ml.example.com" },
    'DomainCertificate "d": dnsZone must be the name of a managed zone, as `gcloud dns managed-zones list` prints it, not its domain; give the name or leave it out',
  ],
  [
    { project: "My Project" },
    'DomainCertificate "d": project must be a project\'s id, as `gcloud projects list` prints it: 6 to 30 lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen',
  ],
]);

describePreview(make, "d", { ...base, dnsZone: "zone" }, (unknown) => ({
  project: unknown,
  labels: { team: unknown },
}));
