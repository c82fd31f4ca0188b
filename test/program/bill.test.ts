import { monthlyCosts } from "../../components/cost/index.ts";
import { runProgram } from "../support/program.ts";
import type { Recorded } from "../support/recorder.ts";
import { noNodePorts } from "../support/targets.ts";

/* Everything that the program makes at Google has a price, or is known to be free. Seconds: whole programs are recorded. */

const settings = {
  ...noNodePorts,
  gcpProject: "acme-ml",
  gcpRegion: "us-central1",
  cluster: "gke",
  dataStores: "gcp",
  gkeZone: "us-central1-a",
  gkeGpu: "nvidia-l4",
  domain: "mlops.example.com",
};

/** Types that Google does not charge for by themselves. Certificates are free up to a hundred. */
const free = [
  /^gcp:artifactregistry\/.*Iam/i,
  /^gcp:certificatemanager\//,
  /^gcp:compute\/(network|subnetwork|router|sSLPolicy|sslPolicy|globalAddress):/i,
  /^gcp:dns\/recordSet:/,
  /^gcp:projects\//,
  /^gcp:servicea?ccount\//,
  /^gcp:servicenetworking\//,
  /^gcp:sql\/(database|user):/,
  /^gcp:storage\/bucketIAM/,
];
const billable = (resources: readonly Recorded[]) =>
  resources.map(({ type, name, inputs }) => ({ type, name, inputs }));

test("every resource at Google has a price or is free", async () => {
  const { resources } = await runProgram(settings);
  const google = resources.filter(({ type }) => type.startsWith("gcp:"));
  const priced = new Set(monthlyCosts(billable(resources)).map(({ resource }) => resource));
  const unknown = google
    .filter(({ type, name }) => !priced.has(name) && !free.some((pattern) => pattern.test(type)))
    .map(({ type, name }) => `${type} ${name}`);
  // a pool for GPUs keeps no nodes while nothing trains
  expect(unknown).toEqual(["gcp:container/nodePool:NodePool mlops-gke-gpu"]);
});

test.each([
  ["gke with Cloud SQL", {}],
  ["gke with everything in the cluster", { dataStores: "cluster" }],
  ["Autopilot", { gkeMode: "autopilot", gkeZone: "", gkeGpu: "", nodeExporter: false }],
  ["Minikube with Cloud SQL", { cluster: "current", domain: "", gkeZone: "", gkeGpu: "" }],
])("the output is the sum of the table's lines: %s", async (_, differing) => {
  const { resources, result } = await runProgram({ ...settings, ...differing });
  const lines = monthlyCosts(billable(resources));
  const sum = lines.reduce((total, { monthlyUsd }) => total + monthlyUsd, 0);
  const output = await new Promise((resolve) => void result["monthlyCostUsd"]!.apply(resolve));
  expect(output).toBeCloseTo(sum, 5);
  // the disks of claims are Google's where the cluster is
  const disks = lines.filter(({ item }) => /^disk, \d+ GB$/.test(item));
  expect(disks.some(({ resource }) => resource === "mlops-prometheus-data")).toBe(
    !("cluster" in differing),
  );
});
