import type * as pulumi from "@pulumi/pulumi";
import { addressRange, type AddressRange, rangesOverlap } from "../core/addressRanges.ts";
import {
  type Combination,
  dnsLabel,
  flag,
  list,
  matches,
  object,
  oneOf,
  required,
  type Rule,
  type Rules,
  whole,
} from "../core/checks.ts";
import { accountId, googleLabels, nameAtGoogle, project, region } from "./googleChecks.ts";

/** Arguments of ImageRepository. */
export interface ImageRepositoryArgs {
  /** Id of the Google Cloud project that holds the repository. */
  project: pulumi.Input<string>;
  /** Region of the repository. Choose the cluster's: pulls are then fast and free. Changing it replaces the repository with its images. */
  region: string;
  /** Last part of the repository's URL. Defaults to `mlops`. Changing it replaces the repository with its images. */
  repositoryId?: string;
  /** IAM members that can pull images, such as `serviceAccount:nodes@my-project.iam.gserviceaccount.com`. */
  readers?: pulumi.Input<string>[];
  /** Number of versions of each image to keep, 1 to 1000; older ones are deleted after 30 days, even if a pod still needs them. Left out, every tagged version is kept and no tag can be moved or deleted. */
  keepVersions?: number;
  /** Labels added to the repository. */
  labels?: { [key: string]: pulumi.Input<string> };
}

export const checkImageRepository: Rule = object<ImageRepositoryArgs>({
  project,
  region: required(region),
  repositoryId: matches(
    /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
    "have 1 to 63 lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen",
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
  /** Id of the Google Cloud project that holds the network. */
  project: pulumi.Input<string>;
  /** Region of the subnet, such as `europe-west3`. Changing it replaces the subnet and everything in it. */
  region: string;
  /** Addresses of the nodes, /8 to /28. Defaults to `10.10.0.0/20`, enough for 4092 nodes. Changing it replaces the subnet. */
  nodeRange?: string;
  /** Addresses of the pods, /9 to /21. Defaults to `10.20.0.0/16`, enough for 256 nodes of 110 pods. Changing it replaces the cluster. */
  podRange?: string;
  /** Addresses of the Services, /16 to /27. Defaults to `10.30.0.0/20`, enough for 4096 Services. Changing it replaces the cluster. */
  serviceRange?: string;
  /** Whether to peer the network with Google's, so that Cloud SQL can have a private address in it. Defaults to false. */
  privateServices?: boolean;
  /** Labels added to the resources that support them. */
  labels?: { [key: string]: pulumi.Input<string> };
}

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
        `be a range of IPv4 addresses such as 10.20.0.0/16, with no bit set after its prefix${check.not(value)}`,
      );
    }
    if (range.prefix < widestPrefix || range.prefix > narrowest) {
      return check.must(`have a prefix from /${widestPrefix} to /${narrowest}, because ${why}`);
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

const rangesApart: Combination<PrivateNetworkArgs> = (check, args) => {
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
};

export const checkPrivateNetwork = (name: string): Rule =>
  object<PrivateNetworkArgs>(
    {
      project,
      region: required(region),
      nodeRange: addresses(8, 28, "a node takes one address, the control plane another"),
      podRange: addresses(9, 21, "every node takes 256 addresses for its pods"),
      serviceRange: addresses(16, 27, "every Service takes one address"),
      privateServices: flag,
      labels: googleLabels,
    },
    rangesApart,
    nameAtGoogle(name, { longest: `${name}-services-range`, limit: 63 }),
  );

/** Arguments of ProjectServices. */
export interface ProjectServicesArgs {
  /** Id of the Google Cloud project. Changing it enables the services there; they stay enabled in the old project. */
  project: pulumi.Input<string>;
  /** Services to enable, such as `sqladmin.googleapis.com`. A service that is removed from the list stays enabled. */
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
  /** List, read, write and delete them, as the tracking server does. */
  ObjectUser: "roles/storage.objectUser",
  /** List and read them. */
  ObjectViewer: "roles/storage.objectViewer",
} as const;
export type BucketRole = (typeof BucketRole)[keyof typeof BucketRole];

/** What an identity may use at Google. */
export interface GrantArgs {
  /** Id of the Google Cloud project that holds the bucket, the instance and, with a key, the account. */
  project: pulumi.Input<string>;
  /** Bucket to grant access to. Defaults to none. */
  bucketName?: pulumi.Input<string>;
  /** Role on the bucket's objects. Required with `bucketName`. */
  bucketRole?: BucketRole;
  /** Cloud SQL instance to allow connections to. Defaults to none. */
  instanceName?: pulumi.Input<string>;
}

const grantRules: Rules<GrantArgs> = {
  project,
  bucketName: matches(
    /^[a-z0-9][a-z0-9._-]*[a-z0-9]$/,
    "be the bucket's name only, without gs:// and without a folder",
  ),
  bucketRole: oneOf(BucketRole),
  instanceName: matches(
    /^[a-z]([a-z0-9-]*[a-z0-9])?$/,
    "be the instance's name only, not its connection name with project and region",
  ),
};

const grantTogether: Combination<GrantArgs> = (
  check,
  _,
  { bucketName, bucketRole, instanceName },
) => {
  check.refuse(
    "bucketName",
    bucketName === undefined && instanceName === undefined,
    "there is nothing to grant; give bucketName, instanceName or both",
  );
  check.refuse(
    "bucketRole",
    (bucketName === undefined) !== (bucketRole === undefined),
    "bucketName and bucketRole belong together; give both or neither",
  );
};

/** Arguments of ServiceAccountKey. */
export interface ServiceAccountKeyArgs extends GrantArgs {
  /** Id of the account, which is the local part of its e-mail address: 6 to 30 characters. Changing it replaces the account and its key. */
  accountId: string;
}

export const checkServiceAccountKey: Rule = object<ServiceAccountKeyArgs>(
  { ...grantRules, accountId: required(accountId) },
  grantTogether,
);

/** Arguments of WorkloadIdentity. */
export interface WorkloadIdentityArgs extends GrantArgs {
  /** Number of the cluster's project, which is part of the workloads' names in IAM. A bucket in the same project has it as the output `BucketArtifactStore.projectNumber`. */
  projectNumber: pulumi.Input<string>;
  /** Workload pool of the cluster, `<project>.svc.id.goog`. Google rejects a pool that does not exist yet: pass the cluster's output. */
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
