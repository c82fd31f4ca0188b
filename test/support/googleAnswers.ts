import type { JsonObject } from "./recorder.ts";

/** What a service-account key holds under mocks: recognisable, and hostile to sloppy encoding. */
export const markerKey = (name: string) =>
  JSON.stringify({ type: "service_account", marker: `MARKER-${name}-%@:/?#` });

type Answer = (name: string, inputs: JsonObject) => JsonObject;

const answers: { readonly [type: string]: Answer } = {
  "gcp:sql/databaseInstance:DatabaseInstance": (name, { project, region }) => ({
    connectionName: `${text(project)}:${text(region)}:${name}`,
    privateIpAddress: "10.20.0.3",
    publicIpAddress: "203.0.113.7",
  }),
  "gcp:storage/bucket:Bucket": (name) => ({
    url: `gs://${name}`,
    projectNumber: 123_456_789_012,
  }),
  "gcp:container/cluster:Cluster": (_, { privateClusterConfig }) => ({
    endpoint: "198.51.100.9",
    privateClusterConfig: { ...(privateClusterConfig as JsonObject), privateEndpoint: "10.0.0.2" },
    masterAuth: { clusterCaCertificate: "Y2E=" },
  }),
  "gcp:compute/globalAddress:GlobalAddress": () => ({ address: "203.0.113.8" }),
  "gcp:serviceaccount/account:Account": (_, inputs) => {
    const email = `${text(inputs["accountId"])}@${text(inputs["project"])}.iam.gserviceaccount.com`;
    return {
      email,
      member: `serviceAccount:${email}`,
      name: `projects/-/serviceAccounts/${email}`,
    };
  },
  "gcp:serviceaccount/key:Key": (name) => ({
    privateKey: Buffer.from(markerKey(name)).toString("base64"),
  }),
  "gcp:certificatemanager/dnsAuthorization:DnsAuthorization": (name, { domain }) => ({
    dnsResourceRecords: [
      { name: `_acme-challenge.${text(domain)}.`, type: "CNAME", data: `${name}.authorize.test.` },
    ],
  }),
};

/** What Google's provider would fill in: a generated name, addresses, and the path by which others refer to it. */
export function googleState(type: string, logicalName: string, inputs: JsonObject): JsonObject {
  const name = typeof inputs["name"] === "string" ? inputs["name"] : `${logicalName}-1a2b3c`;
  const selfLink = `https://google.test/${type.split("/")[0]!.replace("gcp:", "")}/${name}`;
  return { ...inputs, name, selfLink, ...answers[type]?.(name, inputs) };
}

const text = (value: unknown) => (typeof value === "string" ? value : "unknown");
