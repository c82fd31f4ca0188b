import {
  GkeCluster,
  type GkeClusterArgs,
  GkeMachineType,
  GkeMode,
  GkeReleaseChannel,
  type GpuPool,
  GpuType,
} from "../../../components/index.ts";
import { describeArguments } from "../../support/cases.ts";
import { record } from "../../support/recorder.ts";
import { changeLines, differences } from "../../support/wire.ts";

const make = (name: string, args: GkeClusterArgs) => new GkeCluster(name, args);
const base: GkeClusterArgs = {
  project: "my-project",
  location: "europe-west3-a",
  networkId: "network-id",
  subnetworkId: "subnet-id",
  podRangeName: "pods",
  serviceRangeName: "services",
};

const zonal = "gke_my-project_europe-west3-a_gke-cluster-1a2b3c";
const account = (id: string, project = "my-project") => `${id}@${project}.iam.gserviceaccount.com`;
const scope = "https://www.googleapis.com/auth/cloud-platform";

/** The kubeconfig's name of the cluster occurs six times. */
function kubeconfig(context: string): string {
  const lines = (sign: string, name: string) => [
    `${sign}current-context: ${name}`,
    `${sign}- name: ${name}`,
    `${sign}- name: ${name}`,
    `${sign}    cluster: ${name}`,
    `${sign}    user: ${name}`,
    `${sign}- name: ${name}`,
  ];
  return `gke outputs.kubeconfig: ${[...lines("-", zonal), ...lines("+", context)].join(" ")}`;
}
const cost = (before: number, after: number) => `gke outputs.monthlyCostUsd: ${before} → ${after}`;
const pool = (path: string, before: string | number, after: string | number) =>
  `gke-pool ${path}: ${before} → ${after}`;

describeArguments(make, "gke", base, {
  project: {
    value: "other-project",
    changes: [
      kubeconfig("gke_other-project_europe-west3-a_gke-cluster-1a2b3c"),
      `gke outputs.nodeServiceAccount: ${account("gke-nodes")} → ${account("gke-nodes", "other-project")}`,
      "gke outputs.workloadPool: my-project.svc.id.goog → other-project.svc.id.goog",
      `gke-cluster nodeConfig.serviceAccount: ${account("gke-nodes")} → ${account("gke-nodes", "other-project")}`,
      "gke-cluster workloadIdentityConfig.workloadPool: my-project.svc.id.goog → other-project.svc.id.goog",
      `gke-nodes-role member: serviceAccount:${account("gke-nodes")} → serviceAccount:${account("gke-nodes", "other-project")}`,
      pool(
        "nodeConfig.serviceAccount",
        account("gke-nodes"),
        account("gke-nodes", "other-project"),
      ),
      ...["gke-cluster", "gke-nodes", "gke-nodes-role", "gke-pool"].map(
        (name) => `${name} project: my-project → other-project`,
      ),
    ],
  },
  location: {
    value: "europe-west3",
    changes: [
      kubeconfig("gke_my-project_europe-west3_gke-cluster-1a2b3c"),
      "gke outputs.location: europe-west3-a → europe-west3",
      cost(126.92, 234.76),
      "gke-cluster location: europe-west3-a → europe-west3",
      pool("location", "europe-west3-a", "europe-west3"),
    ],
  },
  networkId: {
    value: "other-network",
    changes: ["gke-cluster network: network-id → other-network"],
  },
  subnetworkId: {
    value: "other-subnet",
    changes: ["gke-cluster subnetwork: subnet-id → other-subnet"],
  },
  podRangeName: {
    value: "other-pods",
    changes: ["gke-cluster ipAllocationPolicy.clusterSecondaryRangeName: pods → other-pods"],
  },
  serviceRangeName: {
    value: "other-services",
    changes: [
      "gke-cluster ipAllocationPolicy.servicesSecondaryRangeName: services → other-services",
    ],
  },
  mode: {
    value: GkeMode.Autopilot,
    with: { location: "europe-west3" },
    changes: [
      "- gke-pool",
      cost(234.76, 73),
      `gke-cluster clusterAutoscaling.autoProvisioningDefaults.oauthScopes[0]: ∅ → ${scope}`,
      `gke-cluster clusterAutoscaling.autoProvisioningDefaults.serviceAccount: ∅ → ${account("gke-nodes")}`,
      "gke-cluster datapathProvider: ADVANCED_DATAPATH → ∅",
      "gke-cluster enableAutopilot: ∅ → true",
      "gke-cluster initialNodeCount: 1 → ∅",
      "gke-cluster monitoringConfig.managedPrometheus.enabled: false → ∅",
      "gke-cluster nodeConfig.diskSizeGb: 30 → ∅",
      "gke-cluster nodeConfig.diskType: pd-standard → ∅",
      `gke-cluster nodeConfig.oauthScopes[0]: ${scope} → ∅`,
      `gke-cluster nodeConfig.serviceAccount: ${account("gke-nodes")} → ∅`,
      "gke-cluster nodeConfig.shieldedInstanceConfig.enableIntegrityMonitoring: true → ∅",
      "gke-cluster nodeConfig.shieldedInstanceConfig.enableSecureBoot: true → ∅",
      "gke-cluster nodePoolDefaults.nodeConfigDefaults.insecureKubeletReadonlyPortEnabled: FALSE → ∅",
      "gke-cluster options.ignoreChanges: nodeConfig → ∅",
      "gke-cluster removeDefaultNodePool: true → ∅",
    ],
  },
  machineType: {
    value: GkeMachineType.E2Standard4,
    changes: [
      cost(126.92, 175.84),
      pool("nodeConfig.machineType", "e2-standard-2", "e2-standard-4"),
    ],
  },
  minNodes: {
    value: 2,
    changes: [
      cost(126.92, 180.84),
      pool("autoscaling.minNodeCount", 1, 2),
      pool("initialNodeCount", 1, 2),
    ],
  },
  maxNodes: { value: 5, changes: [pool("autoscaling.maxNodeCount", 3, 5)] },
  diskSizeGb: {
    value: 80,
    changes: [cost(126.92, 129.92), pool("nodeConfig.diskSizeGb", 50, 80)],
  },
  spot: {
    value: true,
    changes: [
      cost(126.92, 97.57),
      pool("autoscaling.locationPolicy", "BALANCED", "ANY"),
      pool("nodeConfig.spot", "false", "true"),
    ],
  },
  gpu: { value: { type: GpuType.L4 }, changes: ["+ gke-gpu"] },
  releaseChannel: {
    value: GkeReleaseChannel.Stable,
    changes: ["gke-cluster releaseChannel.channel: REGULAR → STABLE"],
  },
  authorizedNetworks: {
    value: ["203.0.113.0/24"],
    changes: [
      "gke-cluster masterAuthorizedNetworksConfig.cidrBlocks[0].cidrBlock: ∅ → 203.0.113.0/24",
      "gke-cluster masterAuthorizedNetworksConfig.gcpPublicCidrsAccessEnabled: ∅ → false",
    ],
  },
  protectData: {
    value: false,
    changes: [
      "gke-cluster deletionProtection: true → false",
      "gke-cluster options.protect: true → ∅",
    ],
  },
  paused: {
    value: true,
    changes: [
      cost(126.92, 73),
      pool("autoscaling.locationPolicy", "BALANCED", "∅"),
      pool("autoscaling.maxNodeCount", 3, "∅"),
      pool("autoscaling.minNodeCount", 1, "∅"),
      pool("initialNodeCount", 1, "∅"),
      pool("nodeCount", "∅", 0),
    ],
  },
  nodeAccountId: {
    value: "dev-nodes",
    changes: [
      `gke outputs.nodeServiceAccount: ${account("gke-nodes")} → ${account("dev-nodes")}`,
      `gke-cluster nodeConfig.serviceAccount: ${account("gke-nodes")} → ${account("dev-nodes")}`,
      "gke-nodes accountId: gke-nodes → dev-nodes",
      `gke-nodes-role member: serviceAccount:${account("gke-nodes")} → serviceAccount:${account("dev-nodes")}`,
      pool("nodeConfig.serviceAccount", account("gke-nodes"), account("dev-nodes")),
    ],
  },
  labels: {
    value: { team: "blue" },
    changes: [
      "gke-cluster resourceLabels.team: ∅ → blue",
      pool("nodeConfig.resourceLabels.team", "∅", "blue"),
    ],
  },
});

describe("each argument of the GPU pool changes exactly", () => {
  const l4 = { type: GpuType.L4 };
  test.each<[Partial<GpuPool>, string[]]>([
    [
      { type: GpuType.T4 },
      [
        "nodeConfig.guestAccelerators[0].type: nvidia-l4 → nvidia-tesla-t4",
        "nodeConfig.machineType: g2-standard-4 → n1-standard-4",
      ],
    ],
    [
      { machineType: "g2-standard-24" },
      [
        "nodeConfig.guestAccelerators[0].count: 1 → 2",
        "nodeConfig.machineType: g2-standard-4 → g2-standard-24",
      ],
    ],
    [{ maxNodes: 4 }, ["autoscaling.maxNodeCount: 1 → 4"]],
    [
      { spot: false },
      ["autoscaling.locationPolicy: ANY → BALANCED", "nodeConfig.spot: true → false"],
    ],
    [{ diskSizeGb: 200 }, ["nodeConfig.diskSizeGb: 100 → 200"]],
    [{ zones: ["europe-west3-b"] }, ["nodeLocations[0]: ∅ → europe-west3-b"]],
  ])("%j", async (own, expected) => {
    const recorded = (gpu: GpuPool) => record(() => make("gke", { ...base, gpu }));
    const [before, after] = [await recorded(l4), await recorded({ ...l4, ...own })];
    const found = changeLines(differences(before.resources, after.resources));
    expect(found.sort()).toEqual(expected.map((line) => `gke-gpu ${line}`));
  });
});
