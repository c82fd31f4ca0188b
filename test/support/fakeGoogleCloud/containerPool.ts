import type { Fields } from "./api.ts";
import { kubernetesVersion } from "./containerCluster.ts";
import { invalid } from "./googleError.ts";

/** A new node pool as Google completes it. */
export function completePool(cluster: Fields, pool: Fields): Fields {
  const config = (pool["config"] ?? {}) as Fields;
  checkMachine(config["machineType"] ?? "e2-medium");
  checkAutoscaling(pool["autoscaling"]);
  const locations = (pool["locations"] ?? cluster["locations"]) as string[];
  const project = String(cluster["selfLink"]).split("/")[5];
  return {
    initialNodeCount: 0,
    ...pool,
    locations,
    config: {
      machineType: "e2-medium",
      diskType: "pd-balanced",
      diskSizeGb: 100,
      imageType: "COS_CONTAINERD",
      serviceAccount: "default",
      oauthScopes: [],
      metadata: { "disable-legacy-endpoints": "true" },
      shieldedInstanceConfig: { enableIntegrityMonitoring: true },
      windowsNodeConfig: {},
      loggingConfig: { variantConfig: { variant: "DEFAULT" } },
      kubeletConfig: {
        insecureKubeletReadonlyPortEnabled: false,
        maxParallelImagePulls: 2,
      },
      ...config,
      bootDisk: {
        diskType: config["diskType"] ?? "pd-balanced",
        sizeGb: String(config["diskSizeGb"] ?? 100),
        ...config["bootDisk"],
      },
    },
    status: "RUNNING",
    version: kubernetesVersion,
    management: { autoUpgrade: true, autoRepair: true, ...pool["management"] },
    maxPodsConstraint: { maxPodsPerNode: "110" },
    podIpv4CidrSize: 24,
    upgradeSettings: { maxSurge: 1, strategy: "SURGE", ...pool["upgradeSettings"] },
    networkConfig: {
      podRange: cluster["ipAllocationPolicy"].clusterSecondaryRangeName,
      podIpv4CidrBlock: cluster["ipAllocationPolicy"].clusterIpv4CidrBlock,
      ...pool["networkConfig"],
    },
    instanceGroupUrls: locations.map(
      (zone) =>
        `https://www.googleapis.com/compute/v1/projects/${project}/zones/${zone}/instanceGroupManagers/gke-${cluster["name"]}-${pool["name"]}-grp`,
    ),
    selfLink: `${cluster["selfLink"]}/nodePools/${pool["name"]}`,
    etag: "pool",
  };
}

/** Gigabytes that the disks of a pool's nodes take of the quota for SSD. */
export function ssdGb({ config, initialNodeCount, locations }: Fields): number {
  const { diskType, sizeGb } = config.bootDisk as Fields;
  if (!/^pd-(ssd|balanced)$/.test(diskType)) return 0;
  return Number(sizeGb) * Number(initialNodeCount) * (locations as string[]).length;
}

/** How many nodes a pool has in one zone. */
export function poolSizes(pool: Fields, zone: string): Fields[] {
  return (pool["instanceGroupUrls"] as string[])
    .filter((url) => url.includes(`/zones/${zone}/`))
    .map((selfLink) => ({
      kind: "compute#instanceGroupManager",
      name: selfLink.split("/").at(-1),
      selfLink,
      instanceGroup: selfLink.replace("instanceGroupManagers", "instanceGroups"),
      targetSize: Number(pool["initialNodeCount"]),
    }));
}

/** A change of the machines' settings. */
export function changePool(pool: Fields, { name: _, ...change }: Fields): void {
  if (change["machineType"] !== undefined) checkMachine(change["machineType"]);
  Object.assign(pool["config"], change);
}

/** What Google finds only when the pool is to be made. No preview sees it. */
function checkMachine(type: unknown): void {
  if (/^(e2|n1|n2|n2d|g2|c3|c4|t2d)-[a-z]+(-[0-9]+)?$/.test(String(type))) return;
  throw invalid(`Machine type ${String(type)} is not available.`);
}

function checkAutoscaling(autoscaling: Fields | undefined): void {
  if (!autoscaling?.["enabled"]) return;
  const { minNodeCount = 0, maxNodeCount, totalMinNodeCount = 0, totalMaxNodeCount } = autoscaling;
  if (maxNodeCount !== undefined && minNodeCount > maxNodeCount) {
    throw invalid("Minimum node count must not be greater than the maximum node count.");
  }
  if (totalMaxNodeCount !== undefined && totalMinNodeCount > totalMaxNodeCount) {
    throw invalid("Minimum node count must not be greater than the maximum node count.");
  }
}
