import { parse } from "yaml";
import { configOf } from "../support/config.ts";
import { readText } from "../support/program.ts";

const gke = {
  cluster: "gke",
  gcpProject: "mlops-test",
  gcpRegion: "europe-west1",
};
const cloudSql = { dataStores: "gcp", gcpProject: "mlops-test", gcpRegion: "europe-west1" };
const autopilot = { ...gke, gkeMode: "autopilot", nodeExporter: "false" };
const login = {
  oidcIssuerUrl: "https://login.example.org",
  oidcClientId: "mlops",
  oidcClientSecret: "hush-hush",
  oidcEmailDomain: "example.org",
};

/** What a stack with these settings is refused for, a sentence each. */
function faults(given: Record<string, string>): string[] {
  try {
    configOf(given);
  } catch (error) {
    return (error as Error).message.split("\n  - ").slice(1);
  }
  return [];
}

test.each<[string, Record<string, string>]>([
  ["everything in the cluster at hand", {}],
  ["Minikube with Cloud SQL and a bucket", cloudSql],
  ["its own cluster with everything inside", gke],
  ["all of it on Google Cloud", { ...gke, dataStores: "gcp" }],
  ["Autopilot", autopilot],
  ["Autopilot without any monitoring", { ...autopilot, nodeExporter: "true", monitoring: "false" }],
  ["a zonal cluster", { ...gke, gkeZone: "europe-west1-d" }],
  ["several tracking pods on a bucket", { ...cloudSql, trackingReplicas: "3" }],
  ["a domain with a login", { ...gke, domain: "ml.example.org", dnsZone: "example", ...login }],
  ["GPUs for training", { ...gke, gkeGpu: "nvidia-l4", trainingGpu: "true" }],
  ["GPUs on Autopilot", { ...autopilot, gkeGpu: "nvidia-l4", trainingGpu: "true" }],
  ["GPUs of a cluster at hand", { trainingGpu: "true" }],
  ["a pause where nothing is protected", { ...cloudSql, paused: "true", protectData: "false" }],
  ["a pause of what is in the cluster alone", { paused: "true" }],
  ["the user's own GKE cluster", { ...cloudSql, gcpIdentity: "workload-identity" }],
])("%s is a stack", (_, given) => {
  expect(faults(given)).toEqual([]);
});

test.each<[Record<string, string>, ...string[]]>([
  [
    { cluster: "gke", trackingNodePort: "0", predictionNodePort: "30002" },
    "predictionNodePort must be 0 on gke, where a node port would serve plain HTTP; leave it out and use `npm run connect` or domain",
    "gcpProject must be given with cluster: gke or dataStores: gcp; set it to the project's id",
    "gcpRegion must be given with cluster: gke or dataStores: gcp; set it to a region such as europe-west1",
  ],
  [
    { dataStores: "gcp", gcpProject: "mlops-test" },
    "gcpRegion must be given with cluster: gke or dataStores: gcp; set it to a region such as europe-west1",
  ],
  [
    { ...cloudSql, cloudSqlAddress: "private" },
    "cloudSqlAddress must not be private with cluster: current, because a private address cannot be reached from there; leave it empty or set it to public",
  ],
  [
    { ...gke, gcpIdentity: "key" },
    "gcpIdentity must not be key on gke, where Workload Identity needs no key; leave it empty",
  ],
  [
    { ...cloudSql, paused: "true" },
    "paused must be false while protectData is true, because a paused platform makes protected data unavailable; set protectData to false first if that is acceptable",
  ],
  [
    { ...gke, namespaceOnly: "true" },
    "namespaceOnly must be false on gke, where the program creates and administers the cluster; leave it out",
  ],
  [
    { daskWorkers: "4" },
    "daskWorkers has no effect without a Dask cluster; leave it out or set daskCluster to true",
  ],
  [{ daskCluster: "true", daskWorkers: "0" }, "daskWorkers must be a whole number from 1 to 99"],
  [
    { namespaceOnly: "true", nodeExporterPort: "9101" },
    "nodeExporterPort has no effect with namespaceOnly; leave it out or set namespaceOnly to false",
  ],
  [
    { ...gke, gkeZone: "europe-west4-a" },
    "gkeZone must lie in gcpRegion (europe-west1); choose a zone such as europe-west1-b or leave it empty",
  ],
  [
    { ...gke, gkeMinNodes: "4" },
    "gkeMinNodes must not be above gkeMaxNodes, and 4 is above 3; raise gkeMaxNodes or lower it",
  ],
  [
    { ...autopilot, gkeZone: "europe-west1-b" },
    "gkeZone must be empty with gkeMode: autopilot, which is always regional; leave it empty",
  ],
  [
    { ...autopilot, gkeSpot: "true" },
    "gkeSpot has no effect with gkeMode: autopilot, which chooses nodes itself; leave it out or set gkeMode to standard",
  ],
  [
    { ...autopilot, gkeGpu: "nvidia-l4" },
    "gkeGpu has no effect with gkeMode: autopilot unless training uses it; set trainingGpu to true or leave gkeGpu empty",
  ],
  ...[gke, autopilot].map<[Record<string, string>, string]>((kind) => [
    { ...kind, trainingGpu: "true" },
    "trainingGpu requires a type of GPU; set gkeGpu to one such as nvidia-l4",
  ]),
  [
    { ...autopilot, nodeExporter: "true" },
    "nodeExporter must be false with gkeMode: autopilot, which rejects pods with access to the node; set it to false",
  ],
  [
    { domain: "ml.example.org" },
    "domain must be empty with cluster: current, because this program configures only GKE's load balancer; leave it empty or set cluster to gke",
  ],
  [
    { ...gke, dnsZone: "example" },
    "dnsZone requires a domain to create records for; set domain or leave dnsZone empty",
  ],
  [
    { ...gke, ...login },
    "an OIDC login requires a domain; set domain or leave the oidc settings empty",
  ],
  [
    { ...gke, domain: "ml.example.org", oidcClientId: "mlops", oidcEmailDomain: "example.org" },
    "an OIDC login requires all of its settings; set oidcIssuerUrl, oidcClientSecret as well",
  ],
])("%p contradicts itself", (given, ...sentences) => {
  expect(faults(given)).toEqual(sentences);
});

test("the gke stack requires only a project", () => {
  const { config } = parse(readText("Pulumi.gke.yaml")) as { config: Record<string, unknown> };
  const given = Object.fromEntries(
    Object.entries(config)
      .filter(([key]) => key.startsWith("mlops-platform:"))
      .map(([key, value]) => [key.replace(/^.*:/, ""), String(value)]),
  );
  expect(faults(given)).toEqual([
    "gcpProject must be given with cluster: gke or dataStores: gcp; set it to the project's id",
  ]);
  expect(faults({ ...given, gcpProject: "mlops-test" })).toEqual([]);
});
