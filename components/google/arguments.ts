import type * as pulumi from "@pulumi/pulumi";
import { addressRange, type AddressRange, rangesOverlap } from "../core/addressRanges.ts";
import {
  type Combination,
  dnsLabel,
  type Fault,
  faultsOf,
  flag,
  list,
  matches,
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
  project,
  region,
  zone,
} from "./googleChecks.ts";
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

/** What people choose about a GKE cluster. */
export interface GkeClusterSettingsArgs {
  /** Id of the project that pays for the cluster. */
  project: pulumi.Input<string>;
  /** A zone such as `europe-west3-a` makes a zonal cluster: one control plane, whose fee Google's free tier covers. A region makes a regional one: three control planes, and nodes in three zones, so three times as many. Changing it replaces the cluster. */
  location: string;
  /** Who looks after the nodes: `standard` or `autopilot`. Defaults to `standard`. Changing it replaces the cluster. */
  mode?: GkeMode;
  /** Machine of each node, such as one of `GkeMachineType`. Defaults to `e2-standard-2`. Changing it replaces the nodes one by one. Standard only. */
  machineType?: string;
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

/** Arguments of GkeCluster. */
export interface GkeClusterArgs extends GkeClusterSettingsArgs {
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

const gpuPool: Rule = object<GpuPoolArgs>(
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

/** Ranges that are as good as everybody let everybody in. */
const widest = 8;

const authorizedNetworks: Rule = (check, value) =>
  Array.isArray(value) && value.length === 0
    ? check.fault(
        `${check.path} must name a range at least, or nobody reaches the API server; leave it out for every address`,
      )
    : list((at, network) => {
        const range = typeof network === "string" ? addressRange(network) : undefined;
        if (range === undefined) {
          return at.must(
            "be a range of IPv4 addresses such as 203.0.113.0/24, with no bit set behind the prefix",
          );
        }
        return range.prefix >= widest
          ? network
          : at.must(
              `be a range of /${widest} or narrower, for this one lets nearly everybody in; leave the argument out if that is meant`,
            );
      })(check, value);

const gkeRules: Rules<GkeClusterSettingsArgs> = {
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

/** What Google would refuse minutes into making the cluster, or make in a way that nobody wants. */
const gkeTogether: Combination<GkeClusterSettingsArgs> = (check, args) => {
  const name = (argument: keyof GkeClusterSettingsArgs) => check.pathOf(argument);
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
export const gkeClusterFaults = (settings: GkeClusterSettingsArgs): Fault[] =>
  faultsOf(settings, checkGkeSettings);

export const checkGkeCluster: Rule = object<GkeClusterArgs>(
  {
    ...gkeRules,
    networkId: required(text),
    subnetworkId: required(text),
    podRangeName: required(text),
    serviceRangeName: required(text),
  },
  gkeTogether,
);

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

export const checkImageRepository: Rule = object<ImageRepositoryArgs>({
  project,
  region: required(region),
  repositoryId: matches(
    /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
    "have 1 to 63 lower-case letters, digits and hyphens, a letter first and no hyphen last",
  ),
  readers: list(
    matches(
      /^(user|group|serviceAccount|principal|principalSet|domain):\S+$/,
      "be an IAM member such as serviceAccount:nodes@my-project.iam.gserviceaccount.com; allUsers is refused",
    ),
  ),
  keepVersions: whole(1, 1000),
  labels: googleLabels,
});

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

/** What a network hands out addresses from, unless it is told otherwise. */
export const defaultRanges = {
  nodeRange: "10.10.0.0/20",
  podRange: "10.20.0.0/16",
  serviceRange: "10.30.0.0/20",
} as const;

const parsed = (cidr: string) => addressRange(cidr)!;
// Cloud SQL answers private addresses of these alone.
const privateRanges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].map(parsed);
// the bridge on the host of every Cloud SQL instance: answers to it never leave that host
const bridge = parsed("172.17.0.0/16");

const within = (range: AddressRange, whole: AddressRange) =>
  range.first >= whole.first && range.last <= whole.last;

/** Refuses a range that Google would refuse while the network or the cluster is made, or that runs out at once. */
const addresses =
  (widestPrefix: number, narrowest: number, why: string): Rule =>
  (check, value) => {
    if (value === undefined) return value;
    const range = typeof value === "string" ? addressRange(value) : undefined;
    if (range === undefined) {
      return check.must(
        "be a range of IPv4 addresses such as 10.20.0.0/16, with no bit set behind its prefix",
      );
    }
    if (range.prefix < widestPrefix || range.prefix > narrowest) {
      return check.must(`have a prefix from /${widestPrefix} to /${narrowest}, for ${why}`);
    }
    if (!privateRanges.some((whole) => within(range, whole))) {
      return check.must("lie in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16");
    }
    if (rangesOverlap(range, bridge)) {
      return check.must(
        "not overlap 172.17.0.0/16, from which Cloud SQL cannot be reached; choose another range",
      );
    }
    return value;
  };

export const checkPrivateNetwork: Rule = object<PrivateNetworkArgs>(
  {
    project,
    region: required(region),
    nodeRange: addresses(8, 28, "a node takes one address, the control plane another"),
    podRange: addresses(9, 21, "every node takes 256 addresses for its pods"),
    serviceRange: addresses(16, 27, "every Service takes one address"),
    privateServices: flag,
    labels: googleLabels,
  },
  (check, args) => {
    const names = Object.keys(defaultRanges) as (keyof typeof defaultRanges)[];
    const rangeOf = (name: (typeof names)[number]) => parsed(args[name] ?? defaultRanges[name]);
    for (const [index, name] of names.entries()) {
      for (const other of names.slice(index + 1)) {
        check.refuse(
          name,
          rangesOverlap(rangeOf(name), rangeOf(other)),
          `${check.pathOf(name)} and ${check.pathOf(other)} must not overlap; choose another range for one of them`,
        );
      }
    }
  },
);

/** Arguments of ProjectServices. */
export interface ProjectServicesArgs {
  /** Id of the Google Cloud project. Changing it enables the services there; in the old project they stay on. */
  project: pulumi.Input<string>;
  /** Services to enable, such as `sqladmin.googleapis.com`. One that is taken off the list stays enabled. */
  services: string[];
}

export const checkProjectServices: Rule = object<ProjectServicesArgs>(
  {
    project,
    services: required(
      list(
        required(
          matches(
            /^[a-z][a-z0-9-]*\.googleapis\.com$/,
            "be the name of a service such as sqladmin.googleapis.com",
          ),
        ),
      ),
    ),
  },
  (check, { services = [""] }) => {
    check.refuse("services", services.length === 0, "services must name one service at least");
    const twice = services.find((service, index) => services.indexOf(service) !== index);
    check.refuse("services", twice !== undefined, `services must differ; take one ${twice} off`);
  },
);

/** What may be done with the objects of a bucket. */
export const BucketRole = {
  /** List, read, write and delete them: the tracking server. */
  ObjectUser: "roles/storage.objectUser",
  /** List and read them. */
  ObjectViewer: "roles/storage.objectViewer",
} as const;
export type BucketRole = (typeof BucketRole)[keyof typeof BucketRole];

/** What an identity may use at Google. */
export interface GrantArgs {
  /** Id of the Google Cloud project that holds the bucket, the instance and, with a key, the account. */
  project: pulumi.Input<string>;
  /** Bucket whose objects may be used. Left out, none may. */
  bucketName?: pulumi.Input<string>;
  /** What may be done with them. Needed with `bucketName`. */
  bucketRole?: BucketRole;
  /** Cloud SQL instance that may be connected to. Left out, none may. */
  instanceName?: pulumi.Input<string>;
}

const grantRules: Rules<GrantArgs> = {
  project,
  bucketName: matches(
    /^[a-z0-9][a-z0-9._-]*[a-z0-9]$/,
    "be the bucket's name alone, without gs:// and without a folder",
  ),
  bucketRole: oneOf(BucketRole),
  instanceName: matches(
    /^[a-z]([a-z0-9-]*[a-z0-9])?$/,
    "be the instance's name alone, not its connection name with project and region",
  ),
};

const grantTogether: Combination<GrantArgs> = (check, args) => {
  check.refuse(
    "bucketName",
    args.bucketName === undefined && args.instanceName === undefined,
    "there is nothing to grant; give bucketName, instanceName or both",
  );
  check.refuse(
    "bucketRole",
    (args.bucketName === undefined) !== (args.bucketRole === undefined),
    "bucketName and bucketRole belong together; give both or neither",
  );
};

/** Arguments of ServiceAccountKey. */
export interface ServiceAccountKeyArgs extends GrantArgs {
  /** Id of the account, what stands before the @ of its address: 6 to 30 characters. Changing it makes another account with another key. */
  accountId: string;
}

export const checkServiceAccountKey: Rule = object<ServiceAccountKeyArgs>(
  { ...grantRules, accountId: required(accountId) },
  grantTogether,
);

/** Arguments of WorkloadIdentity. */
export interface WorkloadIdentityArgs extends GrantArgs {
  /** Number of the project in which the cluster is: Google names the cluster's workloads by it. A bucket of the same project says it (`BucketArtifactStore.projectNumber`). */
  projectNumber: pulumi.Input<string>;
  /** Workload pool of the cluster, `<project>.svc.id.goog`. Google refuses one that does not exist yet: hand over the cluster's own output. */
  workloadPool: pulumi.Input<string>;
  /** Namespace of the workload. */
  namespace: pulumi.Input<string>;
  /** Kubernetes ServiceAccount of the workload. */
  serviceAccountName: pulumi.Input<string>;
}

export const checkWorkloadIdentity: Rule = object<WorkloadIdentityArgs>(
  {
    ...grantRules,
    projectNumber: required(
      matches(
        /^[1-9][0-9]*$/,
        "be the number of the project, not its id; `gcloud projects list` prints it",
      ),
    ),
    workloadPool: required(
      matches(/^[a-z][a-z0-9-]*\.svc\.id\.goog$/, "be the cluster's pool, <project>.svc.id.goog"),
    ),
    namespace: required(dnsLabel("mlops")),
    serviceAccountName: required(dnsLabel("mlflow")),
  },
  grantTogether,
);
