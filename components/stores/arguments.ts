import type * as pulumi from "@pulumi/pulumi";
import {
  type Combination,
  exclusive,
  type Fault,
  faultsOf,
  flag,
  isWholeNumber,
  matches,
  must,
  object,
  oneOf,
  quantity,
  required,
  type Rule,
  type Rules,
  text,
  whole,
} from "../core/checks.ts";
import { bucketLocation, bucketNameFault, googleLabels, project } from "../google/googleChecks.ts";
import { withSuffix } from "../google/googleNames.ts";
import * as kube from "../kubernetes/arguments.ts";

/** How the volume of a component is made. */
export interface VolumeArgs {
  /** Storage class of the claim. Defaults to the cluster's default class. Changing it replaces the claim and loses the data on it. */
  storageClassName?: pulumi.Input<string>;
}

/** What people choose about Postgres in the cluster. */
export interface PostgresSettings extends kube.PodSettings {
  /** Size of the claim that holds the data. Defaults to `8Gi`. It can grow where the storage class allows it, but never shrink. */
  storageSize?: pulumi.Input<string>;
  /** Maximum number of connections, 10 to 1000. Defaults to 60, enough for one MLflow pod and its successor during a rollout; a platform reserves what its tracking server needs. */
  maxConnections?: pulumi.Input<number>;
  /** Password of the database user. Generated when left out. It is set only when the data is initialized: changing it later locks all clients out. */
  password?: pulumi.Input<string>;
  /** CPU and memory. Defaults to requests of 100m and 128Mi, and limits of 2 cores and 512Mi. */
  resources?: kube.ContainerResources;
}

/** Arguments of PostgresDatabase. */
export interface PostgresDatabaseArgs extends PostgresSettings, kube.WorkloadArgs, VolumeArgs {
  /** Existing Secret to use instead of a password, in the same namespace, with the key `password`. Excludes `password`. Postgres reads it only when it initializes the data: changing it later locks all clients out. */
  passwordSecretName?: pulumi.Input<string>;
  /** Image that reads the same environment variables as the official `postgres` image. A later major version requires `npm run up -- --upgrade-postgres`; a server does not start with the data of another one. */
  image: pulumi.Input<string>;
}

/** What people choose about a volume for artifacts. */
export interface VolumeArtifactStoreSettings {
  /** Size of the claim. Defaults to `20Gi`. It can grow where the storage class allows it, but never shrink. */
  storageSize?: pulumi.Input<string>;
}

/** Arguments of VolumeArtifactStore. Its namespace must be the tracking server's. */
export interface VolumeArtifactStoreArgs
  extends VolumeArtifactStoreSettings, kube.NamespacedArgs, VolumeArgs {}

/** Connections that the memory of a Postgres in the cluster allows. */
export const mostPostgresConnections = 1000;

const volumeRules: Rules<VolumeArgs> = { storageClassName: text };

export const password = matches(
  /[^]/,
  "be a password that is not empty; leave it out to have one generated",
);

const postgresSettingsRules: Rules<PostgresSettings> = {
  ...kube.podSettingsRules,
  storageSize: quantity("8Gi"),
  maxConnections: whole(10, mostPostgresConnections),
  password,
  resources: kube.resourcesRule,
};

export const checkPostgresSettings: Rule = object(postgresSettingsRules);

export const checkPostgresDatabase: Rule = object<PostgresDatabaseArgs>(
  {
    ...postgresSettingsRules,
    ...kube.workloadRules,
    ...volumeRules,
    image: required(text),
    passwordSecretName: text,
  },
  exclusive("password", "passwordSecretName"),
);

const volumeArtifactRules: Rules<VolumeArtifactStoreSettings> = {
  storageSize: quantity("20Gi"),
};

export const checkVolumeArtifactSettings: Rule = object(volumeArtifactRules);

export const checkVolumeArtifactStore: Rule = object<VolumeArtifactStoreArgs>({
  ...volumeArtifactRules,
  ...kube.namespacedRules,
  ...volumeRules,
});

/** How objects are kept: what is read less often costs less to keep and more to read. */
export const BucketStorageClass = {
  /** Read often. */
  Standard: "STANDARD",
  /** Read once a month; billed for at least 30 days. */
  Nearline: "NEARLINE",
  /** Read once a quarter; billed for at least 90 days. */
  Coldline: "COLDLINE",
  /** Read once a year; billed for at least 365 days. */
  Archive: "ARCHIVE",
} as const;

export type BucketStorageClass = (typeof BucketStorageClass)[keyof typeof BucketStorageClass];

/** Arguments of BucketArtifactStore. */
export interface BucketArtifactStoreArgs {
  /** Id of the Google Cloud project that holds the bucket. Changing it replaces the bucket and loses every artifact. */
  project: pulumi.Input<string>;
  /** Region of the bucket, ideally the cluster's, or `US`, `EU` or `ASIA` for several regions at 1.3 times the price. Changing it replaces the bucket and loses every artifact. */
  location: string;
  /** Name of the bucket, globally unique, 3 to 63 characters. Defaults to the project's id, the component's name and six random digits. Changing it replaces the bucket and loses every artifact. */
  bucketName?: string;
  /** Whether overwritten and deleted artifacts are kept as older versions. Defaults to true. */
  versioning?: boolean;
  /** Days for which permanently deleted objects can be restored, 7 to 90, or 0 for none. Defaults to 7. They are billed until then. */
  softDeleteDays?: number;
  /** Days after which an older version is deleted, 1 or more. Defaults to 30. It is billed until then. */
  noncurrentVersionDays?: number;
  /** Storage class of new artifacts. Defaults to `STANDARD`, which suits models that are loaded often. */
  storageClass?: BucketStorageClass;
  /** Whether the bucket is protected from replacement and deletion. Defaults to true. To delete the bucket, first set it to false and run `pulumi up`; from then on, destroying the stack deletes every artifact. */
  protectData?: boolean;
  /** Expected size in GB. Defaults to 10. It only affects `monthlyCostUsd`. */
  expectedSizeGb?: number;
  /** Labels added to the bucket. Keys and values are lower-case letters, digits, hyphens and underscores. */
  labels?: { [key: string]: pulumi.Input<string> };
}

/** The longest name of a bucket. */
export const mostBucketCharacters = 63;

/** Names of buckets are taken by the whole world: the project's id sets ours apart. */
export const bucketStem = (projectId: string, name: string) => `${projectId}-${name.toLowerCase()}`;

const bucketRules: Rules<BucketArtifactStoreArgs> = {
  project,
  location: required(bucketLocation),
  bucketName: (check, value) => {
    const fault = value === undefined ? undefined : bucketNameFault(String(value));
    return fault === undefined ? value : check.must(fault);
  },
  versioning: flag,
  softDeleteDays: must(
    "be a whole number from 7 to 90, or 0 to switch it off",
    (days: number) => days === 0 || isWholeNumber(7, 90)(days),
  ),
  noncurrentVersionDays: whole(1, 3650),
  storageClass: oneOf(BucketStorageClass),
  protectData: flag,
  expectedSizeGb: must("be 0 or more", (size: number) => Number.isFinite(size) && size >= 0),
  labels: googleLabels,
};

const bucketKeepsData: Combination<BucketArtifactStoreArgs> = (check, args) => {
  const { versioning, softDeleteDays, noncurrentVersionDays, protectData } = args;
  check.refuse(
    "noncurrentVersionDays",
    versioning === false && noncurrentVersionDays !== undefined,
    "noncurrentVersionDays has no effect without versions; leave it out or set versioning to true",
  );
  check.refuse(
    "softDeleteDays",
    versioning === false && softDeleteDays === 0 && protectData !== false,
    "an overwritten artifact would be gone at once; keep versioning or softDeleteDays, or set protectData to false",
  );
};

/** Everything that is wrong with what people choose about a bucket. Outputs are left to the bucket itself. */
export const bucketFaults = (args: BucketArtifactStoreArgs): Fault[] =>
  faultsOf(args, object<BucketArtifactStoreArgs>(bucketRules, bucketKeepsData));

export const checkBucketArtifactStore = (name: string): Rule =>
  object<BucketArtifactStoreArgs>(bucketRules, bucketKeepsData, (check, args) => {
    if (args.bucketName !== undefined) return;
    const generated = (id: string) =>
      withSuffix(bucketStem(id, name), "000000", mostBucketCharacters);
    check.hold(
      "bucketName",
      args.project,
      must<string>(
        "be given: the component's name yields none that Google accepts",
        (id) => bucketNameFault(generated(id)) === undefined,
      ),
    );
  });
