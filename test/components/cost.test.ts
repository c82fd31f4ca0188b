import {
  type BillableResource,
  monthlyCosts,
  monthlyCostUsd,
  pricesAsOf,
} from "../../components/cost/index.ts";

/*
 * The expected figures are worked out here by hand from the unit prices of Google's pages, not from the table: a wrong
 * figure in the table, or a price that is multiplied twice, shows.
 */
const HOURS = 730;

const resource = (type: string, inputs: object = {}, name = "it"): BillableResource => ({
  type,
  name,
  inputs: inputs as BillableResource["inputs"],
});
const sql = (settings: object, name?: string) =>
  resource("gcp:sql/databaseInstance:DatabaseInstance", { settings }, name);
const pool = (inputs: object, name?: string) =>
  resource("gcp:container/nodePool:NodePool", inputs, name);
const cluster = (inputs: object = {}) =>
  resource("gcp:container/cluster:Cluster", inputs, "cluster");
const bucket = (inputs: object = {}) => resource("gcp:storage/bucket:Bucket", inputs, "bucket");
const claim = (storage: unknown) =>
  resource("kubernetes:core/v1:PersistentVolumeClaim", {
    spec: { resources: { requests: { storage } } },
  });
const gateway = resource(
  "kubernetes:gateway.networking.k8s.io/v1:Gateway",
  {
    spec: {
      gatewayClassName: "gke-l7-global-external-managed",
      listeners: [{ port: 443 }, { port: 443 }],
    },
  },
  "gateway",
);
const container = (cpu?: string, memory?: string, more: object = {}) => ({
  ...(cpu === undefined ? {} : { resources: { requests: { cpu, memory } } }),
  ...more,
});
const workload = (containers: object[], spec: object = {}, type = "Deployment", pod: object = {}) =>
  resource(`kubernetes:apps/v1:${type}`, {
    metadata: { name: "server" },
    spec: { ...spec, template: { spec: { containers, ...pod } } },
  });
const lines = (...resources: BillableResource[]) =>
  monthlyCosts(resources).map(({ item, monthlyUsd }) => `${item}: ${monthlyUsd.toFixed(2)}`);

test("says on which day the prices were read", () => {
  expect(pricesAsOf).toMatch(/^20[0-9]{2}-[0-9]{2}-[0-9]{2}$/);
});

describe("Cloud SQL", () => {
  const micro = { tier: "db-f1-micro", edition: "ENTERPRISE", diskSize: 10 };

  test.each<[string, object, string[]]>([
    ["smallest", micro, ["db-f1-micro, zonal: 7.67", "disk, 10 GB SSD: 1.70"]],
    [
      "small",
      { ...micro, tier: "db-g1-small" },
      ["db-g1-small, zonal: 25.55", "disk, 10 GB SSD: 1.70"],
    ],
    [
      "one dedicated core",
      { ...micro, tier: "db-custom-1-3840" },
      // 0.0413 × 730 + 3.75 × 0.007 × 730 = 30.149 + 19.1625
      ["db-custom-1-3840, zonal: 49.31", "disk, 10 GB SSD: 1.70"],
    ],
    [
      "one dedicated core in two zones",
      { ...micro, tier: "db-custom-1-3840", availabilityType: "REGIONAL" },
      ["db-custom-1-3840, regional: 98.62", "disk, 10 GB SSD: 3.40"],
    ],
    [
      "Enterprise Plus",
      { tier: "db-perf-optimized-N-2", edition: "ENTERPRISE_PLUS", diskSize: 100 },
      // 2 × 0.05369 × 730 + 16 × 0.0091 × 730 = 78.3874 + 106.288
      ["db-perf-optimized-N-2, zonal: 184.68", "disk, 100 GB SSD: 17.00"],
    ],
    [
      "backups",
      { ...micro, backupConfiguration: { enabled: true } },
      ["db-f1-micro, zonal: 7.67", "disk, 10 GB SSD: 1.70", "backups, about 1 GB: 0.08"],
    ],
    [
      "a slow disk",
      { ...micro, diskType: "PD_HDD" },
      ["db-f1-micro, zonal: 7.67", "disk, 10 GB HDD: 0.90"],
    ],
    [
      "no size: Google's smallest disk",
      { tier: "db-f1-micro" },
      ["db-f1-micro, zonal: 7.67", "disk, 10 GB SSD: 1.70"],
    ],
    [
      "a public address in use",
      { ...micro, ipConfiguration: { ipv4Enabled: true } },
      ["db-f1-micro, zonal: 7.67", "disk, 10 GB SSD: 1.70"],
    ],
    [
      "stopped, with an address that lies idle",
      { ...micro, activationPolicy: "NEVER", ipConfiguration: { ipv4Enabled: true } },
      ["disk, 10 GB SSD: 1.70", "idle public address: 7.30"],
    ],
    [
      "stopped, in the network only",
      { ...micro, activationPolicy: "NEVER", ipConfiguration: { ipv4Enabled: false } },
      ["disk, 10 GB SSD: 1.70"],
    ],
    [
      "a tier that is known later",
      { tier: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" },
      ["disk, 10 GB SSD: 1.70"],
    ],
    ["a tier of tomorrow", { tier: "db-x-1" }, ["disk, 10 GB SSD: 1.70"]],
  ])("%s", (_, settings, expected) => {
    expect(lines(sql(settings))).toEqual(expected);
  });
});

describe("nodes", () => {
  const standard2 = (2 * 0.02181159 + 8 * 0.00292353) * HOURS; // 48.92

  test.each<[string, object, number]>([
    ["Google's default in one zone", { location: "us-central1-a", nodeCount: 1 }, 24.46 + 10],
    ["no number: one in each zone", { location: "us-central1" }, 3 * (24.46 + 10)],
    [
      "the minimum of an autoscaler in three zones",
      {
        location: "us-central1",
        autoscaling: { minNodeCount: 1, maxNodeCount: 4 },
        nodeConfig: { machineType: "e2-standard-2", diskSizeGb: 50, diskType: "pd-standard" },
      },
      3 * (standard2 + 50 * 0.04),
    ],
    [
      "named zones",
      {
        location: "us-central1",
        nodeLocations: ["us-central1-a", "us-central1-b"],
        nodeCount: 2,
        nodeConfig: { machineType: "e2-highmem-4", diskSizeGb: 20 },
      },
      4 * ((4 * 0.02181159 + 32 * 0.00292353) * HOURS + 20 * 0.1),
    ],
    [
      "a total for all zones",
      {
        location: "us-central1",
        autoscaling: { totalMinNodeCount: 2 },
        nodeConfig: { machineType: "e2-small", diskSizeGb: 10 },
      },
      2 * (12.23 + 1),
    ],
    [
      "spot machines, with disks at the full price",
      {
        location: "us-central1-a",
        nodeCount: 1,
        nodeConfig: { machineType: "e2-standard-2", spot: true, diskSizeGb: 100 },
      },
      standard2 * 0.4 + 10,
    ],
    [
      "one node with an L4",
      {
        location: "us-central1-a",
        nodeCount: 1,
        nodeConfig: {
          machineType: "g2-standard-4",
          diskSizeGb: 100,
          guestAccelerators: [{ type: "nvidia-l4", count: 1 }],
        },
      },
      515.99 + 10,
    ],
    [
      "one node with a T4",
      {
        location: "us-central1-a",
        nodeCount: 1,
        nodeConfig: {
          machineType: "n1-standard-4",
          diskSizeGb: 100,
          guestAccelerators: [{ type: "nvidia-tesla-t4", count: 1 }],
        },
      },
      (0.19 + 0.35) * HOURS + 10,
    ],
    [
      "an empty pool with a GPU",
      {
        location: "us-central1",
        autoscaling: { minNodeCount: 0, maxNodeCount: 1 },
        nodeConfig: { machineType: "g2-standard-4" },
      },
      0,
    ],
    ["a paused pool", { location: "us-central1", nodeCount: 0 }, 0],
    [
      "a machine of tomorrow: its disk only",
      { location: "us-central1-a", nodeCount: 1, nodeConfig: { machineType: "e9-mega-1" } },
      10,
    ],
  ])("%s", (_, inputs, expected) => {
    expect(monthlyCostUsd([pool(inputs)])).toBeCloseTo(expected, 1);
  });
});

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

  test("a chart's pods are counted from its values, but for what is switched off", () => {
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

  test("pods cost nothing where nodes are paid for", () => {
    expect(monthlyCostUsd([cluster(), workload([container("4", "16Gi")])])).toBe(73);
  });
});

test.each<[string, BillableResource[], string[]]>([
  ["a cluster", [cluster()], ["cluster management: 73.00"]],
  ["a NAT gateway", [resource("gcp:compute/routerNat:RouterNat")], ["gateway, 3 machines: 6.72"]], // (3 × 0.0014 + 0.005) × 730
  ["a load balancer", [gateway], ["load balancer, one rule: 18.25"]],
  [
    "a Gateway of another controller",
    [{ ...gateway, inputs: { spec: { gatewayClassName: "eg" } } }],
    [],
  ],
  [
    "an address that nothing uses",
    [resource("gcp:compute/globalAddress:GlobalAddress")],
    ["unused address: 7.30"],
  ],
  [
    "an address at a load balancer",
    [resource("gcp:compute/globalAddress:GlobalAddress"), gateway],
    ["load balancer, one rule: 18.25"],
  ],
  [
    "addresses for the database's network",
    [resource("gcp:compute/globalAddress:GlobalAddress", { purpose: "VPC_PEERING" })],
    [],
  ],
  [
    "a bucket of unknown size",
    [bucket({ location: "us-central1" })],
    ["storage, about 10 GB: 0.20"],
  ],
  [
    "a bucket over several regions",
    [bucket({ location: "US", expectedSizeGb: 1000 })],
    ["storage, about 1000 GB: 26.00"],
  ],
  [
    "a cold bucket",
    [bucket({ location: "us-central1", storageClass: "COLDLINE", expectedSizeGb: 1000 })],
    ["storage, about 1000 GB: 4.00"],
  ],
  [
    "images",
    [resource("gcp:artifactregistry/repository:Repository")],
    ["images, about 5 GB: 0.50"],
  ],
  ["a zone of Cloud DNS", [resource("gcp:dns/managedZone:ManagedZone")], ["managed zone: 0.20"]],
  [
    "a claim on a cluster of Google's",
    [cluster(), claim("20Gi")],
    ["cluster management: 73.00", "disk, 20 GB: 2.00"],
  ],
  ["a claim on any other cluster", [claim("20Gi")], []],
  [
    "a claim whose size is known later",
    [cluster(), claim("04da6b54-80e4-46f7-96ec-b56ff0331ba9")],
    ["cluster management: 73.00"],
  ],
  [
    "claims of a StatefulSet",
    [
      cluster(),
      workload(
        [],
        {
          replicas: 2,
          volumeClaimTemplates: [{ spec: { resources: { requests: { storage: "8Gi" } } } }],
        },
        "StatefulSet",
      ),
    ],
    ["cluster management: 73.00", "disk, 16 GB: 1.60"],
  ],
  [
    "what has no price",
    [
      resource("gcp:storage/bucketIAMMember:BucketIAMMember"),
      resource("random:index/randomPassword:RandomPassword"),
    ],
    [],
  ],
  ["nothing", [], []],
])("%s", (_, resources, expected) => {
  expect(lines(...resources)).toEqual(expected);
});

describe("profiles", () => {
  const pods = workload([container("1150m", "2.9Gi")]);
  const autopilot = cluster({ enableAutopilot: true });
  const fee = 73; // left out of the figures: Google gives 74.40 a month back for one such cluster

  test.each<[string, BillableResource[], number]>([
    ["lean", [sql({ tier: "db-f1-micro" }), autopilot, pods, bucket({ expectedSizeGb: 50 })], 58],
    [
      "team",
      [sql({ tier: "db-custom-1-3840" }), autopilot, pods, gateway, bucket({ expectedSizeGb: 50 })],
      118,
    ],
    [
      "careless",
      [
        sql({ tier: "db-custom-1-3840", availabilityType: "REGIONAL" }),
        autopilot,
        workload([container()], { replicas: 10 }),
        gateway,
        bucket({ expectedSizeGb: 50 }),
      ],
      355,
    ],
  ])("%s is within two percent of what others reckoned", (_, resources, expected) => {
    expect(Math.abs((monthlyCostUsd(resources) - fee) / expected - 1)).toBeLessThan(0.02);
  });
});

test("prices 500 resources in under 50 ms", () => {
  const many = Array.from({ length: 500 }, (_, index) => pool({ nodeCount: 1 }, `pool-${index}`));
  const started = performance.now();
  expect(monthlyCosts(many)).toHaveLength(1000);
  expect(performance.now() - started).toBeLessThan(50);
});
