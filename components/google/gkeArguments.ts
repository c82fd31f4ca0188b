import type * as pulumi from "@pulumi/pulumi";
import { addressRange } from "../core/addressRanges.ts";
import {
  type Combination,
  type Fault,
  faultsOf,
  flag,
  list,
  object,
  oneOf,
  required,
  type Rule,
  type Rules,
  text,
  whole,
} from "../core/checks.ts";
import { GkeMachineType, GkeMode, GkeReleaseChannel, gpuMachines, GpuType } from "./gkeMachines.ts";
import {
  accountId,
  googleLabels,
  knownName,
  location,
  nameAtGoogle,
  project,
  zone,
} from "./googleChecks.ts";
import { isZone, regionOf } from "./googleRegions.ts";

/** A pool of GPU machines, empty until a pod requests a GPU. */
export interface GpuPool {
  /** GPU type: `nvidia-l4` or `nvidia-tesla-t4`. Changing it replaces the pool. */
  type: GpuType;
  /** Machine type. Defaults to the smallest: `g2-standard-4` for the L4, `n1-standard-4` for the T4. Changing it replaces the nodes. */
  machineType?: string;
  /** Maximum number of nodes, 1 or more; per zone in a regional cluster. Defaults to 1. The minimum is 0. */
  maxNodes?: number;
  /** Whether the nodes are spot machines: less than half the price, but Google may reclaim them at any time. Defaults to true. */
  spot?: boolean;
  /** Disk size of each node in GB, 30 to 2000. Defaults to 100, because CUDA images are large. Changing it replaces the nodes. */
  diskSizeGb?: number;
  /** Zones of the pool. Defaults to the cluster's. Each must offer the GPU, which not every zone of a region does. */
  zones?: string[];
}

/** Settings of a GKE cluster. */
export interface GkeClusterSettings {
  /** Id of the Google Cloud project that holds the cluster. */
  project: pulumi.Input<string>;
  /** Zone or region of the cluster. A zone such as `europe-west3-a` gives a zonal cluster: one control plane, whose fee Google's free tier covers. A region gives a regional cluster: three control planes, and nodes in three zones, so three times as many. Changing it replaces the cluster. */
  location: string;
  /** Who manages the nodes: `standard` or `autopilot`. Defaults to `standard`. Changing it replaces the cluster. */
  mode?: GkeMode;
  /** Machine type of each node, such as one of `GkeMachineType`. Defaults to `e2-standard-2`. Changing it replaces the nodes one by one. Standard only. */
  machineType?: string;
  /** Minimum number of nodes, 1 or more; per zone in a regional cluster. Defaults to 1. Standard only. */
  minNodes?: number;
  /** Maximum number of nodes; per zone in a regional cluster. Defaults to 3, or to `minNodes` if that is more. Standard only. */
  maxNodes?: number;
  /** Disk size of each node in GB, 30 to 2000. Defaults to 50. Changing it replaces the nodes one by one. Standard only. */
  diskSizeGb?: number;
  /** Whether the nodes are spot machines: less than half the price, but Google may reclaim them at any time. Defaults to false. Changing it replaces the pool. Standard only. */
  spot?: boolean;
  /** An additional pool of GPU machines, empty until a pod requests a GPU. Standard only. */
  gpu?: GpuPool;
  /** How soon new Kubernetes versions are rolled out: `RAPID`, `REGULAR` or `STABLE`. Defaults to `REGULAR`. */
  releaseChannel?: GkeReleaseChannel;
  /** CIDR ranges that can reach the API server, /8 or narrower. Defaults to any address; clients still need a Google identity with a role on the cluster. */
  authorizedNetworks?: string[];
  /** Whether the cluster is protected from deletion and replacement, by Pulumi and by Google's provider. Defaults to true. */
  protectData?: boolean;
  /** Whether all nodes are removed, so that only the control plane is billed. Defaults to false. Pods return when it is false again. It has no effect with Autopilot, where nodes go with the pods. */
  paused?: boolean;
  /** Id of the service account that nodes run as, unique in the project. Defaults to the component's name with `-nodes`. Changing it replaces the nodes. */
  nodeAccountId?: string;
  /** Labels added to the cluster and its machines, such as for splitting bills. */
  labels?: { [key: string]: pulumi.Input<string> };
}

/** Arguments of GkeCluster. */
export interface GkeClusterArgs extends GkeClusterSettings {
  /** Id of the network. Changing it replaces the cluster. */
  networkId: pulumi.Input<string>;
  /** Id of the subnet for the nodes. Changing it replaces the cluster. */
  subnetworkId: pulumi.Input<string>;
  /** Name of the subnet's range for pods. Changing it replaces the cluster. */
  podRangeName: pulumi.Input<string>;
  /** Name of the subnet's range for Services. Changing it replaces the cluster. */
  serviceRangeName: pulumi.Input<string>;
}

/** Both disks hold the images of all pods on the node, and a system that takes 10 GB. */
const diskGb = whole(30, 2000);

const gpuPool: Rule = object<GpuPool>(
  {
    type: required(oneOf(GpuType)),
    machineType: text,
    maxNodes: whole(1, 1000),
    spot: flag,
    diskSizeGb: diskGb,
    zones: list(zone),
  },
  (check, { type, machineType }) => {
    if (type === undefined || machineType === undefined) return;
    const machines = gpuMachines[type].map(([machine]) => machine);
    const family = machines[0]!.slice(0, machines[0]!.indexOf("-"));
    knownName(
      new RegExp(`^${family}-[a-z]+-[0-9]+$`),
      machines,
      `a machine that carries ${type},`,
    )(check.at("machineType"), machineType);
  },
);

/** A wider range admits nearly every address. */
const widest = 8;

const authorizedNetworks: Rule = (check, value) =>
  Array.isArray(value) && value.length === 0
    ? check.fault(
        `${check.path} must name a range at least, or no client reaches the API server; leave it out for every address`,
      )
    : list((at, network) => {
        const range = typeof network === "string" ? addressRange(network) : undefined;
        if (range === undefined) {
          return at.must(
            `be a range of IPv4 addresses such as 203.0.113.0/24, with no bit set after the prefix${at.not(network)}`,
          );
        }
        return range.prefix >= widest
          ? network
          : at.must(
              `be a range of /${widest} or narrower, because this one admits nearly every address; leave the argument out to admit all`,
            );
      })(check, value);

const gkeRules: Rules<GkeClusterSettings> = {
  project,
  location: required(location),
  mode: oneOf(GkeMode),
  machineType: knownName(
    /^[a-z][a-z0-9]*-[a-z]+(-[0-9]+)?$/,
    Object.values(GkeMachineType),
    "a type of machine",
  ),
  minNodes: whole(0, 1000),
  maxNodes: whole(1, 1000),
  diskSizeGb: diskGb,
  spot: flag,
  gpu: gpuPool,
  releaseChannel: oneOf(GkeReleaseChannel),
  authorizedNetworks,
  protectData: flag,
  paused: flag,
  nodeAccountId: accountId,
  labels: googleLabels,
};

/** Arguments about nodes, which Autopilot chooses itself. */
const standardOnly = ["machineType", "minNodes", "maxNodes", "diskSizeGb", "spot", "gpu"] as const;

/** What Google would refuse minutes into creating the cluster, or create in a way that is never useful. */
const gkeTogether: Combination<GkeClusterSettings> = (check, args) => {
  const name = (argument: keyof GkeClusterSettings) => check.pathOf(argument);
  if (args.mode === GkeMode.Autopilot) {
    for (const argument of standardOnly) {
      check.refuse(
        argument,
        args[argument] !== undefined,
        `${name(argument)} cannot be set with ${name("mode")} autopilot, which chooses nodes by what pods ask for; leave it out or set ${name("mode")} to standard`,
      );
    }
    check.refuse(
      "location",
      args.location !== undefined && isZone(args.location),
      `${name("location")} must be a region with ${name("mode")} autopilot, not the zone "${args.location}"; Autopilot clusters are regional`,
    );
    return;
  }
  const { minNodes = 1, maxNodes = Math.max(3, minNodes), paused = false } = args;
  check.refuse(
    "minNodes",
    minNodes === 0 && !paused,
    `${name("minNodes")} must be a whole number from 1 to 1000, or 0 while ${name("paused")} is true`,
  );
  check.refuse(
    "minNodes",
    minNodes > maxNodes,
    `${name("minNodes")} must not be above ${name("maxNodes")}, and ${minNodes} is above ${maxNodes}; raise ${name("maxNodes")} or lower it`,
  );
  for (const [index, gpuZone] of (args.gpu?.zones ?? []).entries()) {
    const clusterRegion = regionOf(args.location ?? gpuZone);
    const at = check.at("gpu").at("zones").at(index);
    if (!gpuZone.startsWith(`${clusterRegion}-`)) {
      at.must(`be a zone of ${clusterRegion}, where the cluster is, and "${gpuZone}" is not`);
    }
  }
};

export const checkGkeSettings: Rule = object(gkeRules, gkeTogether);

/** Everything that is wrong with what people chose about a cluster. */
export const gkeClusterFaults = (settings: GkeClusterSettings): Fault[] =>
  faultsOf(settings, checkGkeSettings);

export const checkGkeCluster = (name: string): Rule =>
  object<GkeClusterArgs>(
    {
      ...gkeRules,
      networkId: required(text),
      subnetworkId: required(text),
      podRangeName: required(text),
      serviceRangeName: required(text),
    },
    gkeTogether,
    // the longest names of clusters and node pools have 40 characters
    nameAtGoogle(name, { longest: `${name}-cluster`, limit: 40 }),
  );
