import { type BillableResource, monthlyCostUsd } from "../../../components/cost/index.ts";
import { cluster, container, resource, workload } from "./resources.ts";

describe("Autopilot", () => {
  const autopilot = cluster({ enableAutopilot: true });
  const perVcpu = 32.485;
  const perGb = 3.593;
  const scratch = 0.04;
  const podCost = (...resources: BillableResource[]) =>
    Math.round((monthlyCostUsd([autopilot, ...resources]) - 73) * 100) / 100;

  test.each<[string, BillableResource, number]>([
    ["one pod", workload([container("500m", "1Gi")]), 0.5 * perVcpu + perGb + scratch],
    [
      "three pods",
      workload([container("500m", "1Gi")], { replicas: 3 }),
      3 * (0.5 * perVcpu + perGb + scratch),
    ],
    ["no pods", workload([container("500m", "1Gi")], { replicas: 0 }), 0],
    [
      "a StatefulSet",
      workload([container("500m", "1Gi")], {}, "StatefulSet"),
      0.5 * perVcpu + perGb + scratch,
    ],
    [
      "containers together",
      workload([container("250m", "512Mi"), container("250m", "512Mi")]),
      0.5 * perVcpu + perGb + scratch,
    ],
    [
      "a sidecar counts with the containers",
      workload([container("500m", "1Gi")], {}, "Deployment", {
        initContainers: [container("500m", "1Gi", { restartPolicy: "Always" })],
      }),
      perVcpu + 2 * perGb + scratch,
    ],
    [
      "an init container only where it is larger",
      workload([container("500m", "1Gi")], {}, "Deployment", {
        initContainers: [container("1", "512Mi")],
      }),
      perVcpu + perGb + scratch,
    ],
    [
      "memory for one core is raised to a GB",
      workload([container("1", "512Mi")]),
      perVcpu + perGb + scratch,
    ],
    [
      "cores for much memory are raised",
      workload([container("100m", "6.5Gi")]),
      perVcpu + 6.5 * perGb + scratch,
    ],
    [
      "tiny pods are raised to 50m and 52Mi",
      workload([container("1m", "1Mi")]),
      0.05 * perVcpu + (52 / 1024) * perGb + scratch,
    ],
    [
      "without requests: half a core and 2 GB",
      workload([container()]),
      0.5 * perVcpu + 2 * perGb + scratch,
    ],
  ])("%s", (_, pods, expected) => {
    expect(podCost(pods)).toBeCloseTo(expected, 1);
  });

  test("an autoscaled Deployment keeps its autoscaler's minimum", () => {
    const autoscaler = resource("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", {
      spec: { minReplicas: 4, scaleTargetRef: { name: "server" } },
    });
    const one = podCost(workload([container("500m", "1Gi")]));
    expect(podCost(workload([container("500m", "1Gi")]), autoscaler)).toBeCloseTo(4 * one, 1);
  });

  test("a chart's pods are counted from its values, except disabled parts", () => {
    const requests = (cpu: string, memory: string) => ({ requests: { cpu, memory } });
    const release = resource("kubernetes:helm.sh/v3:Release", {
      values: {
        server: { replicaCount: 2, resources: requests("500m", "1Gi") },
        alertmanager: { resources: requests("100m", "100Mi") },
        "prometheus-node-exporter": { enabled: false, resources: requests("4", "4Gi") },
      },
    });
    expect(podCost(release)).toBeCloseTo(
      2 * (0.5 * perVcpu + perGb) + (0.1 * perVcpu + 0.1 * perGb) + 3 * scratch,
      1,
    );
  });

  test("pods cost nothing where nodes are billed", () => {
    expect(monthlyCostUsd([cluster(), workload([container("4", "16Gi")])])).toBe(73);
  });
});
