import {
  GkeCluster,
  type GkeClusterArgs,
  GkeMachineType,
  GkeMode,
  GkeReleaseChannel,
  type GpuPoolArgs,
  GpuType,
} from "../../components/index.ts";
import { describeArguments, describeRefusals } from "../support/cases.ts";
import { record } from "../support/recorder.ts";
import { changeLines, differences } from "../support/wire.ts";

const make = (name: string, args: GkeClusterArgs) => new GkeCluster(name, args);
const base: GkeClusterArgs = {
  project: "my-project",
  location: "europe-west3-a",
  networkId: "network-id",
  subnetworkId: "subnet-id",
  podRangeName: "pods",
  serviceRangeName: "services",
};
const subject = 'GkeCluster "gke"';

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
      "gke-cluster monitoringConfig.enableComponents[0]: SYSTEM_COMPONENTS → ∅",
      "gke-cluster monitoringConfig.managedPrometheus.enabled: false → ∅",
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
  test.each<[Partial<GpuPoolArgs>, string[]]>([
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
    const recorded = (gpu: GpuPoolArgs) => record(() => make("gke", { ...base, gpu }));
    const [before, after] = [await recorded(l4), await recorded({ ...l4, ...own })];
    const found = changeLines(differences(before.resources, after.resources));
    expect(found.sort()).toEqual(expected.map((line) => `gke-gpu ${line}`));
  });
});

describeRefusals(make, "gke", base, [
  [
    { project: "my_project" },
    `${subject}: project must be a project's id, as \`gcloud projects list\` prints it: 6 to 30 lower-case letters, digits and hyphens, a letter first and no hyphen last`,
  ],
  [
    { location: "europe-west3a" },
    `${subject}: location must be a region or a zone of Google Cloud, not "europe-west3a"; the nearest is europe-west3`,
  ],
  [
    { location: "europe-west3-d" },
    `${subject}: location must be a region or a zone of Google Cloud, not "europe-west3-d"; the nearest is europe-west1-d`,
  ],
  [
    { mode: "auto" as GkeMode },
    `${subject}: mode must be one of standard, autopilot, not "auto"; the nearest is autopilot`,
  ],
  [
    { releaseChannel: "regular" as GkeReleaseChannel },
    `${subject}: releaseChannel must be one of RAPID, REGULAR, STABLE, not "regular"; the nearest is REGULAR`,
  ],
  [
    { machineType: "e2-standard-3" as GkeMachineType },
    `${subject}: machineType must be one of ${Object.values(GkeMachineType).join(", ")}, not "e2-standard-3"; the nearest is e2-standard-2`,
  ],
  [{ minNodes: 0 }, `${subject}: minNodes must be a whole number from 1 to 1000`],
  [{ minNodes: -1, paused: true }, `${subject}: minNodes must be a whole number from 0 to 1000`],
  [{ maxNodes: 0 }, `${subject}: maxNodes must be a whole number from 1 to 1000`],
  [
    { minNodes: 4, maxNodes: 2 },
    `${subject}: minNodes must not be above maxNodes, and 4 is above 2; raise maxNodes or lower minNodes`,
  ],
  [{ diskSizeGb: 5 }, `${subject}: diskSizeGb must be a whole number from 30 to 2000`],
  [
    { nodeAccountId: "x" },
    `${subject}: nodeAccountId must have 6 to 30 lower-case letters, digits and hyphens, a letter first and no hyphen last`,
  ],
  [
    { authorizedNetworks: [] },
    `${subject}: authorizedNetworks must name a range at least, or nobody reaches the API server; leave it out for every address`,
  ],
  [
    { authorizedNetworks: ["0.0.0.0/0"] },
    `${subject}: authorizedNetworks must be ranges of /8 or narrower, and 0.0.0.0/0 lets nearly everybody in; leave the argument out if that is meant`,
  ],
  [
    { authorizedNetworks: ["0.0.0.0/1", "128.0.0.0/1"] },
    `${subject}: authorizedNetworks must be ranges of /8 or narrower, and 0.0.0.0/1 lets nearly everybody in; leave the argument out if that is meant`,
  ],
  [
    { authorizedNetworks: ["203.0.113.7"] },
    `${subject}: authorizedNetworks must be ranges of IPv4 addresses such as 203.0.113.0/24, with no bit set behind the prefix, and "203.0.113.7" is not`,
  ],
  [
    { labels: { "managed by": "me" } },
    `${subject}: labels: the key "managed by" must have 1 to 63 characters, a letter first, and lower-case letters, digits, hyphens and underscores alone`,
  ],
]);

const gpu = { type: GpuType.L4 };
describeRefusals(make, "gke", base, [
  [
    { gpu: { type: "nvidia-l40" as GpuType } },
    `${subject}: gpu.type must be one of nvidia-l4, nvidia-tesla-t4, not "nvidia-l40"; the nearest is nvidia-l4`,
  ],
  [
    { gpu: { ...gpu, machineType: "n1-standard-4" } },
    `${subject}: gpu.machineType must be a machine that carries nvidia-l4, not "n1-standard-4"; those are g2-standard-4, g2-standard-8, g2-standard-12, g2-standard-16, g2-standard-32, g2-standard-24, g2-standard-48, g2-standard-96`,
  ],
  [
    { gpu: { type: GpuType.T4, machineType: "g2-standard-4" } },
    `${subject}: gpu.machineType must be a machine that carries nvidia-tesla-t4, not "g2-standard-4"; those are n1-standard-4, n1-standard-8, n1-standard-16, n1-standard-32`,
  ],
  [
    { gpu: { ...gpu, maxNodes: 0 } },
    `${subject}: gpu.maxNodes must be a whole number from 1 to 1000`,
  ],
  [
    { gpu: { ...gpu, diskSizeGb: 10 } },
    `${subject}: gpu.diskSizeGb must be a whole number from 30 to 2000`,
  ],
  [
    { gpu: { ...gpu, zones: ["us-central1-a"] } },
    `${subject}: gpu.zones must be zones of europe-west3, where the cluster is, and "us-central1-a" is not`,
  ],
  [
    { gpu: { ...gpu, zones: ["europe-west3"] } },
    `${subject}: gpu.zones must be zones of europe-west3, where the cluster is, and "europe-west3" is not`,
  ],
]);

const autopilot = { ...base, location: "europe-west3", mode: GkeMode.Autopilot };
const refusedThere = (given: string) =>
  `${subject}: ${given} cannot be set with mode autopilot, which chooses nodes by what pods ask for; leave out or set mode to standard`;
describe("Autopilot", () => {
  describeRefusals(make, "gke", autopilot, [
    [{ machineType: GkeMachineType.E2Standard2 }, refusedThere("machineType")],
    [{ minNodes: 1 }, refusedThere("minNodes")],
    [{ maxNodes: 3 }, refusedThere("maxNodes")],
    [{ diskSizeGb: 50 }, refusedThere("diskSizeGb")],
    [{ spot: false }, refusedThere("spot")],
    [{ gpu }, refusedThere("gpu")],
    [{ minNodes: 1, gpu }, refusedThere("minNodes, gpu")],
    [
      { location: "europe-west3-a" },
      `${subject}: location must be a region with mode autopilot, not the zone "europe-west3-a"; Autopilot clusters are regional`,
    ],
  ]);
});

describe("refuses a name of which Google makes no names", () => {
  test.each([
    ["gke_one", "be lower-case letters, digits and hyphens, a letter first and no hyphen last"],
    ["g".repeat(25), "have 24 characters at most"],
  ])("%s", (name, rule) => {
    expect(() => make(name, base)).toThrow(
      `GkeCluster "${name}": its name must ${rule}, for names at Google are made of it`,
    );
  });
});
