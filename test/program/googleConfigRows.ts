import { CloudSqlTier, GkeMachineType, GpuType } from "../../components/index.ts";
import type { PlatformConfig } from "../../program/config.ts";
import { onOff, ranges, type Row } from "./rowShape.ts";

const oneOf = <T extends string>(...values: T[]) => ({
  takes: Object.fromEntries(values.map((value) => [value, value])) as Record<string, T>,
  refuses: [values[0]!.toUpperCase() + "S", "maybe"],
  rule: `be one of ${values.join(", ")}`,
});
const orNone = <T extends string>({ takes, ...row }: ReturnType<typeof oneOf<T>>) => ({
  otherwise: undefined,
  takes: { "": undefined, ...takes },
  ...row,
});

type GoogleKey = Extract<
  keyof PlatformConfig,
  | `gcp${string}`
  | `gke${string}`
  | `cloudSql${string}`
  | `oidc${string}`
  | "cluster"
  | "dataStores"
  | "protectData"
  | "paused"
  | "trainingGpu"
  | "domain"
  | "dnsZone"
>;

const project = { gcpProject: "mlops-test", gcpRegion: "europe-west1" };
const noNodePorts = Object.fromEntries(
  ["tracking", "serving", "prediction", "grafana"].map((part) => [`${part}NodePort`, "0"]),
);
const gke = { ...project, ...noNodePorts, cluster: "gke" };
const onDomain = { ...gke, domain: "ml.example.org" };
const login = {
  ...onDomain,
  oidcIssuerUrl: "https://login.example.org",
  oidcClientId: "mlops",
  oidcClientSecret: "hush-hush",
  oidcEmailDomain: "example.org",
};

/** The settings of what may be in Google Cloud. */
export const googleRows: { [Key in GoogleKey]-?: Row<Key> } = {
  cluster: {
    with: { ...project, ...noNodePorts },
    otherwise: "current",
    ...oneOf("current", "gke"),
  },
  dataStores: { with: project, otherwise: "cluster", ...oneOf("cluster", "gcp") },
  gcpProject: {
    otherwise: undefined,
    takes: { "": undefined, "mlops-dev-1234": "mlops-dev-1234" },
    refuses: [
      "Mlops-dev",
      "1mlops-dev",
      "mlops",
      "mlops-dev-",
      "m".repeat(31),
      "example.com:mlops",
    ],
    rule: "be the id of a Google Cloud project, such as mlops-dev-1234",
  },
  gcpRegion: {
    otherwise: undefined,
    takes: { "": undefined, "europe-west1": "europe-west1" },
    refuses: ["europe", "europe-west1-b", "EU"],
    rule: "be a region of Google Cloud such as europe-west1",
  },
  gcpIdentity: orNone(oneOf("workload-identity", "key")),
  protectData: { otherwise: true, ...onOff },
  paused: { otherwise: false, ...onOff },
  gkeMode: { otherwise: "standard", ...oneOf("standard", "autopilot") },
  gkeZone: {
    otherwise: undefined,
    takes: { "": undefined, "europe-west1-b": "europe-west1-b" },
    refuses: ["europe-west1", "b"],
    rule: "be a zone such as europe-west1-b",
  },
  gkeMachineType: {
    otherwise: "e2-standard-2",
    takes: { "e2-standard-4": "e2-standard-4" },
    refuses: ["e2-standard-3", "huge", ""],
    rule: `be one of ${Object.values(GkeMachineType).join(", ")}`,
  },
  gkeMinNodes: {
    otherwise: 1,
    takes: { "1": 1 },
    refuses: ["0", "1001", "", "1.5"],
    rule: "be a whole number from 1 to 1000",
  },
  gkeMaxNodes: {
    otherwise: 3,
    takes: { "1000": 1000 },
    refuses: ["0", "1001", "", "many"],
    rule: "be a whole number from 1 to 1000",
  },
  gkeSpot: { otherwise: false, ...onOff },
  gkeGpu: {
    otherwise: undefined,
    takes: { "": undefined, "nvidia-l4": "nvidia-l4" },
    refuses: ["nvidia", "L4"],
    rule: `be one of ${Object.values(GpuType).join(", ")}`,
  },
  gkeAuthorizedNetworks: ranges,
  trainingGpu: { otherwise: false, ...onOff },
  cloudSqlTier: {
    otherwise: undefined,
    takes: { "": undefined, "db-f1-micro": "db-f1-micro" },
    refuses: ["db-f1", "small"],
    rule: `be one of ${Object.values(CloudSqlTier).join(", ")}`,
  },
  cloudSqlEdition: { otherwise: "ENTERPRISE", ...oneOf("ENTERPRISE", "ENTERPRISE_PLUS") },
  cloudSqlAvailability: { otherwise: "ZONAL", ...oneOf("ZONAL", "REGIONAL") },
  cloudSqlDiskSizeGb: {
    otherwise: 10,
    takes: { "65536": 65536 },
    refuses: ["9", "65537", "10Gi", ""],
    rule: "be a whole number from 10 to 65536",
  },
  cloudSqlAddress: orNone(oneOf("private", "public")),
  domain: {
    with: gke,
    otherwise: undefined,
    takes: { "": undefined, "mlops.example.org": "mlops.example.org" },
    refuses: ["example", "*.example.org", "https://example.org", "Example.org", "example.org:443"],
    rule: "be a domain such as mlops.example.org, without scheme, port or wildcard",
  },
  dnsZone: {
    with: onDomain,
    otherwise: undefined,
    takes: { "": undefined, "example-org": "example-org" },
    refuses: ["example.org", "Zone"],
    rule: "be the name of a managed zone of Cloud DNS",
  },
  oidcIssuerUrl: {
    with: login,
    otherwise: undefined,
    takes: { "https://login.example.org/realm": "https://login.example.org/realm" },
    refuses: ["http://login.example.org", "login.example.org", "https://example.org/?a=b"],
    rule: "be the https URL of an OIDC issuer",
  },
  oidcClientId: {
    with: login,
    otherwise: undefined,
    takes: { mlops: "mlops" },
    refuses: ["my client"],
    rule: "be the client's id, without spaces",
  },
  oidcClientSecret: {
    with: login,
    otherwise: undefined,
    takes: { s3cret: "s3cret" },
    refuses: ["my secret"],
    rule: "be the client's secret, without spaces",
    isSecret: true,
  },
  oidcEmailDomain: {
    with: login,
    otherwise: undefined,
    takes: { "example.org": "example.org" },
    refuses: ["*", "me@example.org", "example"],
    rule: "be the domain of the e-mail addresses that may log in, such as example.org",
  },
  oidcRequireVerifiedEmail: { with: login, otherwise: true, ...onOff },
};
