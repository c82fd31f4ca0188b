import { monthlyCosts, unpriced } from "../../components/cost/index.ts";
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

const billable = (resources: readonly Recorded[]) =>
  resources.map(({ type, name, inputs }) => ({ type, name, inputs }));

test.each([
  ["GKE with a GPU and a domain", { dnsZone: "acme" }],
  ["Minikube with Cloud SQL by a key", { cluster: "current", domain: "", gkeZone: "", gkeGpu: "" }],
])("every resource at Google has a price or is free: %s", async (_, differing) => {
  const { resources } = await runProgram({ ...settings, ...differing });
  expect(resources.filter(({ type }) => type.startsWith("gcp:")).length).toBeGreaterThan(10);
  expect(unpriced(billable(resources))).toEqual([]);
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
