import type * as pulumi from "@pulumi/pulumi";
import { checkWhole, ensure, isDnsLabel, refuse } from "../core/checks.ts";
import { checkOneOf } from "../core/closedSets.ts";
import { GkeMachineType, GkeMode, GkeReleaseChannel, gpuMachines, GpuType } from "./gkeMachines.ts";
import { addressRange } from "../core/addressRanges.ts";
import { checkZoneOrRegion, isAccountId } from "./googleChecks.ts";
import type { BucketRole } from "./googleGrants.ts";
import { checkGoogleName } from "./googleNameChecks.ts";
import { isZone, regionOf } from "./googleRegions.ts";

/** A pool of machines with a graphics processor, empty until a pod asks for one. */
export interface GpuPoolArgs {
  /** Graphics processor: `nvidia-l4` or `nvidia-tesla-t4`. Changing it replaces the pool. */
  type: GpuType;
  /** Machine that carries it. Defaults to the smallest: `g2-standard-4` for the L4, `n1-standard-4` for the T4. Changing it replaces the nodes. */
  machineType?: string;
  /** Most nodes, 1 or more; in a regional cluster for each zone. Defaults to 1. The fewest are 0. */
  maxNodes?: number;
  /** Spot machines: less than half the price, but Google may take them back at any time. Defaults to true. */
  spot?: boolean;
  /** Disk of each node in GB, 30 to 2000. Defaults to 100, for images with CUDA are large. Changing it replaces the nodes. */
  diskSizeGb?: number;
  /** Zones of the pool. Defaults to the cluster's. Every one of them must offer the GPU, which not all zones of a region do. */
  zones?: string[];
}

/** Arguments of GkeCluster. */
export interface GkeClusterArgs {
  /** Id of the project that pays for the cluster. */
  project: pulumi.Input<string>;
  /** A zone such as `europe-west3-a` makes a zonal cluster: one control plane, whose fee Google's free tier covers. A region makes a regional one: three control planes, and nodes in three zones, so three times as many. Changing it replaces the cluster. */
  location: string;
  /** Id of the network. Changing it replaces the cluster. */
  networkId: pulumi.Input<string>;
  /** Id of the subnet for the nodes. Changing it replaces the cluster. */
  subnetworkId: pulumi.Input<string>;
  /** Name of the subnet's range for pods. Changing it replaces the cluster. */
  podRangeName: pulumi.Input<string>;
  /** Name of the subnet's range for Services. Changing it replaces the cluster. */
  serviceRangeName: pulumi.Input<string>;
  /** Who looks after the nodes: `standard` or `autopilot`. Defaults to `standard`. Changing it replaces the cluster. */
  mode?: GkeMode;
  /** Machine of each node. Defaults to `e2-standard-2`. Changing it replaces the nodes one by one. Standard only. */
  machineType?: GkeMachineType;
  /** Fewest nodes, 1 or more; in a regional cluster for each of its zones. Defaults to 1. Standard only. */
  minNodes?: number;
  /** Most nodes; in a regional cluster for each of its zones. Defaults to 3, or to `minNodes` if that is more. Standard only. */
  maxNodes?: number;
  /** Disk of each node in GB, 30 to 2000. Defaults to 50. Changing it replaces the nodes one by one. Standard only. */
  diskSizeGb?: number;
  /** Spot machines: less than half the price, but Google may take them back at any time. Defaults to false. Changing it replaces the pool. Standard only. */
  spot?: boolean;
  /** A pool of GPU machines besides, empty until a pod asks for a GPU. Standard only. */
  gpu?: GpuPoolArgs;
  /** How soon new versions of Kubernetes come: `RAPID`, `REGULAR` or `STABLE`. Defaults to `REGULAR`. */
  releaseChannel?: GkeReleaseChannel;
  /** Ranges of addresses that may reach the API server, /8 or narrower. Left out, every address may try, and needs a Google identity with a role on the cluster. */
  authorizedNetworks?: string[];
  /** Refuses to delete or replace the cluster, by Pulumi and by Google's provider. Defaults to true. */
  protectData?: boolean;
  /** No nodes at all, so that only the control plane costs. Pods come back once it is false again. With Autopilot nodes go with the pods, and it changes nothing. Defaults to false. */
  paused?: boolean;
  /** Id of the service account that nodes run as, unique in the project. Defaults to the component's name with `-nodes`. Changing it replaces the nodes. */
  nodeAccountId?: string;
  /** Labels added to the cluster and its machines, by which bills can be split. */
  labels?: { [key: string]: pulumi.Input<string> };
}

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
  checkOneOf(subject, "gpu.type", gpu.type, GpuType);
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

/** Arguments of ImageRepository. */
export interface ImageRepositoryArgs {
  /** Id of the project that pays for the repository. */
  project: pulumi.Input<string>;
  /** Region of the repository. Choose the cluster's: pulling is then fast and free. Changing it replaces the repository with its images. */
  region: string;
  /** Last part of the repository's URL. Defaults to `mlops`. Changing it replaces the repository with its images. */
  repositoryId?: string;
  /** IAM members that may pull, such as `serviceAccount:nodes@my-project.iam.gserviceaccount.com`. */
  readers?: pulumi.Input<string>[];
  /** Number of versions of each image that stay, 1 to 1000; older ones go after 30 days, though a pod may still need them. Left out, every tagged version stays and no tag can be moved or deleted. */
  keepVersions?: number;
  /** Labels added to the repository. */
  labels?: { [key: string]: pulumi.Input<string> };
}

export function checkedMember(
  subject: string,
  index: number,
  member: pulumi.Input<string>,
): pulumi.Output<string> {
  return ensure(
    subject,
    `readers[${index}]`,
    member,
    (text) => /^(user|group|serviceAccount|principal|principalSet|domain):\S+$/.test(text),
    "be an IAM member such as serviceAccount:nodes@my-project.iam.gserviceaccount.com; allUsers is refused",
  );
}

/** Arguments of PrivateNetwork. */
export interface PrivateNetworkArgs {
  /** Id of the project that pays for the network. */
  project: pulumi.Input<string>;
  /** Region of the subnet, such as `europe-west3`. Changing it replaces the subnet and everything in it. */
  region: string;
  /** Addresses of the nodes, /8 to /28. Defaults to `10.10.0.0/20`, which is 4092 nodes. Changing it replaces the subnet. */
  nodeRange?: string;
  /** Addresses of the pods, /9 to /21. Defaults to `10.20.0.0/16`, which is 256 nodes of 110 pods. Changing it replaces the cluster. */
  podRange?: string;
  /** Addresses of the Services, /16 to /27. Defaults to `10.30.0.0/20`, which is 4096 Services. Changing it replaces the cluster. */
  serviceRange?: string;
  /** Peers the network with Google's, so that Cloud SQL can have a private address in it. Defaults to false. */
  privateServices?: boolean;
  /** Labels added to what can bear them. */
  labels?: { [key: string]: pulumi.Input<string> };
}

/** Arguments of ProjectServices. */
export interface ProjectServicesArgs {
  /** Id of the Google Cloud project. Changing it enables the services there; in the old project they stay on. */
  project: pulumi.Input<string>;
  /** Services to enable, such as `sqladmin.googleapis.com`. One that is taken off the list stays enabled. */
  services: string[];
}

export function checkServices(subject: string, services: readonly string[]): void {
  refuse(subject, services.length === 0, "services must name one service at least");
  for (const [index, service] of services.entries()) {
    refuse(
      subject,
      !/^[a-z][a-z0-9-]*\.googleapis\.com$/.test(service),
      `services must be names such as sqladmin.googleapis.com, not "${service}"`,
    );
    const isTwice = services.indexOf(service) !== index;
    refuse(subject, isTwice, `services must differ; take one ${service} off`);
  }
}

/** Arguments of ServiceAccountKey. */
export interface ServiceAccountKeyArgs {
  /** Id of the Google Cloud project that holds the account, the bucket and the instance. */
  project: pulumi.Input<string>;
  /** Id of the account, what stands before the @ of its address: 6 to 30 characters. Changing it makes another account with another key. */
  accountId: string;
  /** Bucket whose objects the account may use. Left out, it may use none. */
  bucketName?: pulumi.Input<string>;
  /** What it may do with them. Needed with `bucketName`. */
  bucketRole?: BucketRole;
  /** Cloud SQL instance that the account may connect to. Left out, it may connect to none. */
  instanceName?: pulumi.Input<string>;
}

/** Arguments of WorkloadIdentity. */
export interface WorkloadIdentityArgs {
  /** Id of the Google Cloud project in which the bucket and the instance are. */
  project: pulumi.Input<string>;
  /** Number of the project in which the cluster is: Google names the cluster's workloads by it. A bucket of the same project says it (`BucketArtifactStore.projectNumber`). */
  projectNumber: pulumi.Input<string>;
  /** Workload pool of the cluster, `<project>.svc.id.goog`. Google refuses one that does not exist yet: hand over the cluster's own output. */
  workloadPool: pulumi.Input<string>;
  /** Namespace of the workload. */
  namespace: pulumi.Input<string>;
  /** Kubernetes ServiceAccount of the workload. */
  serviceAccountName: pulumi.Input<string>;
  /** Bucket whose objects the workload may use. Left out, it may use none. */
  bucketName?: pulumi.Input<string>;
  /** What it may do with them. Needed with `bucketName`. */
  bucketRole?: BucketRole;
  /** Cloud SQL instance that the workload may connect to. Left out, it may connect to none. */
  instanceName?: pulumi.Input<string>;
}

export type Workload = Pick<
  WorkloadIdentityArgs,
  "projectNumber" | "workloadPool" | "namespace" | "serviceAccountName"
>;

export function checkedWorkload(subject: string, args: Workload): Workload {
  const label = "be a DNS label: lower-case letters, digits and hyphens, a letter first";
  return {
    projectNumber: ensure(
      subject,
      "projectNumber",
      args.projectNumber,
      (number) => /^[1-9][0-9]*$/.test(number),
      "be the number of the project, not its id; `gcloud projects list` prints it",
    ),
    workloadPool: ensure(
      subject,
      "workloadPool",
      args.workloadPool,
      (pool) => /^[a-z][a-z0-9-]*\.svc\.id\.goog$/.test(pool),
      "be the cluster's pool, <project>.svc.id.goog",
    ),
    namespace: ensure(subject, "namespace", args.namespace, isDnsLabel, label),
    serviceAccountName: ensure(
      subject,
      "serviceAccountName",
      args.serviceAccountName,
      isDnsLabel,
      label,
    ),
  };
}
