import type { GkeClusterArgs } from "./gkeCluster.ts";
import { checkWhole, ensure, refuse } from "../core/checks.ts";
import { checkOneOf } from "../core/closedSets.ts";
import { addressRange, checkZoneOrRegion, isAccountId } from "./googleChecks.ts";
import { checkGoogleName } from "./googleNameChecks.ts";
import { isZone, regionOf } from "./googleRegions.ts";
import {
  type GpuType,
  GkeMachineType,
  GkeMode,
  GkeReleaseChannel,
  GpuType as GpuTypes,
  gpuMachines,
} from "./gkeMachines.ts";
import type { GpuPoolArgs } from "./gkeNodePools.ts";

/** Refuses what Google would refuse minutes into making the cluster, or make in a way that nobody wants. */
export function checkGkeArguments(
  subject: string,
  name: string,
  nodeAccountId: string,
  args: GkeClusterArgs,
): void {
  // the longest names of clusters and node pools have 40 characters
  checkGoogleName(subject, name, { longest: `${name}-cluster`, limit: 40 });
  checkZoneOrRegion(subject, args.location);
  checkOneOf(subject, "mode", args.mode, GkeMode);
  checkOneOf(subject, "releaseChannel", args.releaseChannel, GkeReleaseChannel);
  ensure(
    subject,
    "nodeAccountId",
    nodeAccountId,
    isAccountId,
    "have 6 to 30 lower-case letters, digits and hyphens, a letter first and no hyphen last",
  );
  checkAuthorizedNetworks(subject, args.authorizedNetworks);
  if (args.mode === GkeMode.Autopilot) {
    checkAutopilot(subject, args);
    return;
  }
  checkPool(subject, args);
  if (args.gpu !== undefined) checkGpuPool(subject, args.gpu, args.location);
}

/** Arguments about nodes, which Autopilot chooses itself. */
const standardOnly = ["machineType", "minNodes", "maxNodes", "diskSizeGb", "spot", "gpu"] as const;

function checkAutopilot(subject: string, args: GkeClusterArgs): void {
  const given = standardOnly.filter((argument) => args[argument] !== undefined);
  refuse(
    subject,
    given.length > 0,
    `${given.join(", ")} cannot be set with mode autopilot, which chooses nodes by what pods ask for; leave out or set mode to standard`,
  );
  refuse(
    subject,
    isZone(args.location),
    `location must be a region with mode autopilot, not the zone "${args.location}"; Autopilot clusters are regional`,
  );
}

function checkPool(subject: string, args: GkeClusterArgs): void {
  const { minNodes = 1, maxNodes = Math.max(3, minNodes), paused = false } = args;
  checkOneOf(subject, "machineType", args.machineType, GkeMachineType);
  checkDisk(subject, "diskSizeGb", args.diskSizeGb);
  const least = paused ? 0 : 1;
  checkWhole(subject, "minNodes", minNodes, least, 1000);
  checkWhole(subject, "maxNodes", maxNodes, 1, 1000);
  refuse(
    subject,
    minNodes > maxNodes,
    `minNodes must not be above maxNodes, and ${minNodes} is above ${maxNodes}; raise maxNodes or lower minNodes`,
  );
}

function checkGpuPool(subject: string, gpu: GpuPoolArgs, location: string): void {
  checkOneOf(subject, "gpu.type", gpu.type, GpuTypes);
  checkWhole(subject, "gpu.maxNodes", gpu.maxNodes ?? 1, 1, 1000);
  checkDisk(subject, "gpu.diskSizeGb", gpu.diskSizeGb);
  checkGpuMachine(subject, gpu.type, gpu.machineType);
  const region = regionOf(location);
  for (const zone of gpu.zones ?? []) {
    checkZoneOrRegion(subject, zone, "gpu.zones");
    refuse(
      subject,
      !zone.startsWith(`${region}-`),
      `gpu.zones must be zones of ${region}, where the cluster is, and "${zone}" is not`,
    );
  }
}

function checkGpuMachine(subject: string, type: GpuType, machineType: string | undefined): void {
  const machines = gpuMachines[type].map(([machine]) => machine);
  refuse(
    subject,
    machineType !== undefined && !machines.includes(machineType),
    `gpu.machineType must be a machine that carries ${type}, not "${machineType}"; those are ${machines.join(", ")}`,
  );
}

/** Ranges that are as good as everybody let everybody in. */
const widest = 8;

function checkAuthorizedNetworks(subject: string, networks: readonly string[] | undefined): void {
  refuse(
    subject,
    networks?.length === 0,
    "authorizedNetworks must name a range at least, or nobody reaches the API server; leave it out for every address",
  );
  for (const network of networks ?? []) {
    const range = addressRange(network);
    refuse(
      subject,
      range === undefined,
      `authorizedNetworks must be ranges of IPv4 addresses such as 203.0.113.0/24, with no bit set behind the prefix, and "${network}" is not`,
    );
    refuse(
      subject,
      range !== undefined && range.prefix < widest,
      `authorizedNetworks must be ranges of /${widest} or narrower, and ${network} lets nearly everybody in; leave the argument out if that is meant`,
    );
  }
}

/** Both disks hold the images of all pods on the node, and a system that takes 10 GB. */
const checkDisk = (subject: string, argument: string, diskSizeGb: number | undefined) =>
  checkWhole(subject, argument, diskSizeGb ?? 50, 30, 2000);
