import type * as pulumi from "@pulumi/pulumi";
import {
  type Combination,
  type Fault,
  faultsOf,
  flag,
  isWholeNumber,
  map,
  matches,
  must,
  object,
  oneOf,
  quantity,
  required,
  type Rule,
  type Rules,
  string,
  text,
  whole,
} from "../core/checks.ts";
import {
  bucketLocation,
  bucketNameFault,
  googleLabels,
  project,
  region,
} from "../google/googleChecks.ts";
import { labelsAtGoogle, withSuffix } from "../google/googleNames.ts";
import {
  type ContainerResourcesArgs,
  type NamespacedArgs,
  namespacedRules,
  type PausableArgs,
  pausableRules,
  type PodSettingsArgs,
  podSettingsRules,
  resourcesRule,
  type ServiceArgs,
  serviceRules,
} from "../kubernetes/arguments.ts";
import { connectionsNeeded } from "../tracking/connections.ts";
import {
  CloudSqlAvailability,
  CloudSqlEdition,
  CloudSqlTier,
  CloudSqlVersion,
  editionFacts,
  isTierOf,
  tierFacts,
} from "./cloudSqlTiers.ts";

/** How the volume of a component is made. */
export interface VolumeArgs {
  /** Storage class of the claim. Defaults to the cluster's default class. Changing it replaces the claim and loses the data on it. */
  storageClassName?: pulumi.Input<string>;
}

/** What people choose about Postgres in the cluster. */
export interface PostgresSettingsArgs extends PodSettingsArgs {
  /** Size of the claim that holds the data. Defaults to `8Gi`. It can grow where the storage class allows it, never shrink. */
  storageSize?: pulumi.Input<string>;
  /** Most connections at a time, 10 to 1000. Defaults to 60, which fits one MLflow pod and its successor during a rollout; a platform reserves what its tracking server needs. */
  maxConnections?: pulumi.Input<number>;
  /** Password of the database user. Generated when left out. It is set when the data is first made: changing it later locks everybody out. */
  password?: pulumi.Input<string>;
  /** CPU and memory. Defaults to 100m and 128Mi requested, 2 cores and 512Mi at most. */
  resources?: ContainerResourcesArgs;
}

/** Arguments of PostgresDatabase. */
export interface PostgresDatabaseArgs
  extends PostgresSettingsArgs, NamespacedArgs, ServiceArgs, VolumeArgs, PausableArgs {
  /** Image with the environment contract of the official `postgres` image. Changing its major version needs a dump and a restore. */
  image: pulumi.Input<string>;
}

/** What people choose about a volume for artifacts. */
export interface VolumeArtifactStoreSettingsArgs {
  /** Size of the claim. Defaults to `20Gi`. It can grow where the storage class allows it, never shrink. */
  storageSize?: pulumi.Input<string>;
}

/** Arguments of VolumeArtifactStore. Its namespace must be the tracking server's. */
export interface VolumeArtifactStoreArgs
  extends VolumeArtifactStoreSettingsArgs, NamespacedArgs, VolumeArgs {}

/** Connections that the memory of a Postgres in the cluster allows. */
export const mostPostgresConnections = 1000;

const volumeRules: Rules<VolumeArgs> = { storageClassName: text };

const postgresSettingsRules: Rules<PostgresSettingsArgs> = {
  ...podSettingsRules,
  storageSize: quantity("8Gi"),
  maxConnections: whole(10, mostPostgresConnections),
  password: must(
    "be a password that is not empty; leave it out to have one generated",
    (value) => typeof value === "string" && value !== "",
  ),
  resources: resourcesRule,
};

export const checkPostgresSettings: Rule = object(postgresSettingsRules);

export const checkPostgresDatabase: Rule = object<PostgresDatabaseArgs>({
  ...postgresSettingsRules,
  ...namespacedRules,
  ...serviceRules,
  ...volumeRules,
  ...pausableRules,
  image: required(text),
});

const volumeArtifactRules: Rules<VolumeArtifactStoreSettingsArgs> = {
  storageSize: quantity("20Gi"),
};

export const checkVolumeArtifactSettings: Rule = object(volumeArtifactRules);

export const checkVolumeArtifactStore: Rule = object<VolumeArtifactStoreArgs>({
  ...volumeArtifactRules,
  ...namespacedRules,
  ...volumeRules,
});

/** How objects are kept: what is read less often costs less to keep and more to read. */
export const BucketStorageClass = {
  /** Read often. */
  Standard: "STANDARD",
  /** Read once a month; paid for 30 days at least. */
  Nearline: "NEARLINE",
  /** Read once a quarter; paid for 90 days at least. */
  Coldline: "COLDLINE",
  /** Read once a year; paid for 365 days at least. */
  Archive: "ARCHIVE",
} as const;

export type BucketStorageClass = (typeof BucketStorageClass)[keyof typeof BucketStorageClass];

/** Arguments of BucketArtifactStore. */
export interface BucketArtifactStoreArgs {
  /** Id of the Google Cloud project that holds the bucket. Changing it replaces the bucket and loses every artifact. */
  project: pulumi.Input<string>;
  /** Region of the bucket, best the cluster's, or `US`, `EU` or `ASIA` for several regions at 1.3 times the price. Changing it replaces the bucket and loses every artifact. */
  location: string;
  /** Name of the bucket, unique in the world, 3 to 63 characters. Defaults to the project's id, the component's name and six random digits. Changing it replaces the bucket and loses every artifact. */
  bucketName?: string;
  /** Whether an overwritten or deleted artifact stays as an older version. Defaults to true. */
  versioning?: boolean;
  /** Days for which Google can bring back what was deleted for good, 7 to 90, or 0 for none. Defaults to 7. What is kept is paid for. */
  softDeleteDays?: number;
  /** Days after which an older version is deleted, 1 or more. Defaults to 30. What is kept is paid for. */
  noncurrentVersionDays?: number;
  /** How new artifacts are kept. Defaults to `STANDARD`, which suits models that are loaded again and again. */
  storageClass?: BucketStorageClass;
  /** Whether the bucket can be neither replaced nor destroyed. Defaults to true. Before the bucket can go, set it to false and run `pulumi up`: from then on destroying the stack deletes every artifact. */
  protectData?: boolean;
  /** Gigabytes that you expect to keep. Defaults to 10. It changes nothing but `monthlyCostUsd`. */
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

export const checkBucketArtifactStore: Rule = object<BucketArtifactStoreArgs>(
  bucketRules,
  (check, { versioning, softDeleteDays, noncurrentVersionDays, protectData }) => {
    check.refuse(
      "noncurrentVersionDays",
      versioning === false && noncurrentVersionDays !== undefined,
      `${check.pathOf("noncurrentVersionDays")} has no effect without versions; leave it out or set ${check.pathOf("versioning")} to true`,
    );
    check.refuse(
      "softDeleteDays",
      versioning === false && softDeleteDays === 0 && protectData !== false,
      `an overwritten artifact would be gone at once; keep ${check.pathOf("versioning")} or ${check.pathOf("softDeleteDays")}, or set ${check.pathOf("protectData")} to false`,
    );
  },
);

/** Refuses a bucket without a name where the component's name makes none that Google accepts. */
export const generatedBucketName =
  (name: string): Rule =>
  (check, value) => {
    const args = value as Partial<BucketArtifactStoreArgs>;
    if (args.bucketName !== undefined || args.project === undefined) return;
    const generated = (id: string) =>
      withSuffix(bucketStem(id, name), "000000", mostBucketCharacters);
    check.at("bucketName").holdAs(
      args.project,
      must<string>(
        "be given: the component's name makes none that Google accepts",
        (id) => bucketNameFault(generated(id)) === undefined,
      ),
    );
  };

/** What people choose about a Cloud SQL database. */
export interface CloudSqlSettingsArgs {
  /** Id of the Google Cloud project that holds the instance. Changing it replaces the instance and loses the data. */
  project: pulumi.Input<string>;
  /** Region of the instance, best the cluster's. Changing it replaces the instance and loses the data. */
  region: string;
  /** Name of the instance. Defaults to the component's name and six random digits. Google reserves a deleted name for about a week. Changing it replaces the instance and loses the data. */
  instanceName?: string;
  /** Machine, which decides the price. Defaults to `db-custom-1-3840` ($49.31 a month in us-central1, about 10 minutes to create), in ENTERPRISE_PLUS to `db-perf-optimized-N-2` ($184.68). `db-f1-micro` costs $7.67 and takes about 25 minutes. Changing it restarts the database. */
  tier?: CloudSqlTier;
  /** Edition. Defaults to `ENTERPRISE`; Google's own default since Postgres 16 is the dearer `ENTERPRISE_PLUS`. */
  edition?: CloudSqlEdition;
  /** One zone, or a standby in another. Defaults to `ZONAL`. `REGIONAL` doubles the price and needs a tier with a core of its own. */
  availability?: CloudSqlAvailability;
  /** Gigabytes of SSD, 10 to 65536. Defaults to 10, $1.70 a month. The disk grows by itself and with this argument, and never shrinks. */
  diskSizeGb?: number;
  /** Gigabytes up to which the disk grows by itself. Defaults to 100, or twice `diskSizeGb` if that is more. A full disk stops the database. */
  maxDiskSizeGb?: number;
  /** Major version of Postgres. Defaults to `POSTGRES_17`. A higher one is an upgrade in place with some minutes of downtime; Google refuses a lower one. */
  postgresVersion?: CloudSqlVersion;
  /** Time of day in UTC after which the daily backup is made, within four hours. Defaults to `02:00`. */
  backupStartTime?: string;
  /** Days back to any second of which the database can be restored, 1 to 7, in ENTERPRISE_PLUS to 35. Defaults to 7. */
  transactionLogRetentionDays?: number;
  /** Daily backups that are kept, 1 to 365 and not fewer than `transactionLogRetentionDays`. Defaults to 7, or to those days. */
  retainedBackups?: number;
  /** Whether a local SSD caches what is read. ENTERPRISE_PLUS only. Defaults to false. */
  dataCache?: boolean;
  /** Most connections at a time, 50 to 10000. Defaults to what Google allows for the tier's memory, and at least 60: one MLflow pod and its successor during a rollout. Changing it restarts the database. */
  maxConnections?: number;
  /** Further flags of Postgres, such as `log_min_duration_statement`. Some restart the database. */
  databaseFlags?: { [key: string]: string };
  /** Password of the database user. Generated when left out. Changing it locks MLflow out until its pods are new, which the same `pulumi up` sees to. */
  password?: pulumi.Input<string>;
  /** Whether the instance can be neither replaced nor destroyed, by Pulumi, the console or anybody, and leaves its backups behind. Defaults to true. Before it can go, set this to false and run `pulumi up`: from then on destroying the stack loses the data and every backup. */
  protectData?: boolean;
  /** Whether the instance is stopped: only disk, backups and a public address cost then. Defaults to false. It cannot be combined with `protectData`, nor start so: Google makes databases and users in a running instance only. */
  paused?: boolean;
  /** Labels added to the instance. Keys and values are lower-case letters, digits, hyphens and underscores. */
  labels?: { [key: string]: pulumi.Input<string> };
}

/** Arguments of CloudSqlDatabase. */
export interface CloudSqlDatabaseArgs extends CloudSqlSettingsArgs {
  /** Network with Private Service Access that gives the instance a private address. Left out, it has a public one that lets nobody in but the Auth Proxy. Taking it away again replaces the instance and loses the data. */
  privateNetworkId?: pulumi.Input<string>;
}

const isInstanceName = /^[a-z]([a-z0-9-]*[a-z0-9])?$/;
const instanceNameRule =
  "start with a letter, end with a letter or a digit, and have lower-case letters, digits and hyphens only";

const cloudSqlRules: Rules<CloudSqlSettingsArgs> = {
  project,
  region: required(region),
  instanceName: matches(isInstanceName, instanceNameRule),
  tier: oneOf(CloudSqlTier),
  edition: oneOf(CloudSqlEdition),
  availability: oneOf(CloudSqlAvailability),
  diskSizeGb: whole(10, 65_536),
  maxDiskSizeGb: whole(10, 65_536),
  postgresVersion: oneOf(CloudSqlVersion),
  backupStartTime: matches(
    /^([01][0-9]|2[0-3]):[0-5][0-9]$/,
    "be a time of day in UTC such as 02:00",
  ),
  transactionLogRetentionDays: whole(1, 35),
  retainedBackups: whole(1, 365),
  dataCache: flag,
  maxConnections: must(
    `be a whole number from ${connectionsNeeded(1, 1)}, what one MLflow pod and its successor open, to 10000`,
    isWholeNumber(connectionsNeeded(1, 1), 10_000),
  ),
  databaseFlags: (check, value) => {
    const flags = typeof value === "object" && value !== null ? Object.keys(value) : [];
    for (const flagName of flags) {
      if (flagName === "max_connections") {
        check.fault(`${check.path} must not set max_connections; use maxConnections`);
      } else if (!/^[a-z][a-z0-9_.]*$/.test(flagName)) {
        check.must(`have names such as log_min_duration_statement, not "${flagName}"`);
      }
    }
    return map(string)(check, value);
  },
  password: must(
    "be a password that is not empty; leave it out to have one generated",
    (value) => typeof value === "string" && value !== "",
  ),
  protectData: flag,
  paused: flag,
  labels: googleLabels,
};

/** The choices that decide about others, with their defaults. */
function machineOf({ edition = CloudSqlEdition.Enterprise, tier, availability }: CloudSqlChoice) {
  return {
    edition,
    tier: tier ?? editionFacts[edition].tier,
    availability: availability ?? CloudSqlAvailability.Zonal,
  };
}
type CloudSqlChoice = Partial<CloudSqlSettingsArgs>;

/** Most gigabytes of disk, which a tier with a shared core has fewer of. */
const mostDiskGb = (tier: CloudSqlTier) => (tierFacts[tier].sharedCore ? 3062 : 65_536);

const cloudSqlTogether: Combination<CloudSqlSettingsArgs> = (check, args) => {
  const name = (argument: keyof CloudSqlSettingsArgs) => check.pathOf(argument);
  const { edition, tier, availability } = machineOf(args);
  const fitting = Object.values(CloudSqlTier).filter(isTierOf(edition)).join(", ");
  const { edition: needed, sharedCore } = tierFacts[tier];
  check.refuse(
    "tier",
    needed !== edition,
    `${name("tier")} ${tier} does not exist in the edition ${edition}; take one of ${fitting}, or set ${name("edition")} to ${needed}`,
  );
  check.refuse(
    "tier",
    sharedCore === true && availability === CloudSqlAvailability.Regional,
    `${name("tier")} ${tier} shares its core, and Google promises no availability for it; take ${CloudSqlTier.Custom1} or more, or set ${name("availability")} to ${CloudSqlAvailability.Zonal}`,
  );
  check.refuse(
    "dataCache",
    args.dataCache === true && edition !== CloudSqlEdition.EnterprisePlus,
    `${name("dataCache")} needs the edition ${CloudSqlEdition.EnterprisePlus}; leave it out or set ${name("edition")}`,
  );
  check.refuse(
    "paused",
    args.paused === true && args.protectData !== false,
    `${name("paused")} stops backups as well, so protected data cannot be paused; set ${name("protectData")} to false first`,
  );
  const { diskSizeGb, maxDiskSizeGb } = diskOf(args);
  const most = mostDiskGb(tier);
  for (const [key, size] of [
    ["diskSizeGb", args.diskSizeGb],
    ["maxDiskSizeGb", args.maxDiskSizeGb],
  ] as const) {
    check.refuse(
      key,
      (size ?? 0) > most,
      `${name(key)} must be ${most} at most with the tier ${tier}; lower it or take a tier with a core of its own`,
    );
  }
  check.refuse(
    "maxDiskSizeGb",
    maxDiskSizeGb < diskSizeGb,
    `${name("maxDiskSizeGb")} must be ${name("diskSizeGb")} or more; raise it or leave it out`,
  );
  const { transactionLogRetentionDays, retainedBackups } = backupsOf(args);
  const { mostLogDays } = editionFacts[edition];
  check.refuse(
    "transactionLogRetentionDays",
    transactionLogRetentionDays > mostLogDays,
    `${name("transactionLogRetentionDays")} must be a whole number from 1 to ${mostLogDays}, the limit of the edition ${edition}`,
  );
  check.refuse(
    "retainedBackups",
    retainedBackups < transactionLogRetentionDays,
    `${name("retainedBackups")} must be ${name("transactionLogRetentionDays")} or more: a log is of use only after a backup; raise it`,
  );
};

export const checkCloudSqlSettings: Rule = object(cloudSqlRules, cloudSqlTogether);

/** Everything that is wrong with what people chose about a Cloud SQL database. */
export const cloudSqlFaults = (settings: CloudSqlSettingsArgs): Fault[] =>
  faultsOf(settings, checkCloudSqlSettings);

export const checkCloudSql: Rule = object<CloudSqlDatabaseArgs>(
  { ...cloudSqlRules, privateNetworkId: text },
  cloudSqlTogether,
);

/** Google's limit for `project:instance`. */
const mostCharacters = 98;

/** What is left for an instance in a project whose id is of the greatest length. */
export const mostInstanceCharacters = mostCharacters - ":".length - 30;

/** Refuses a name of the instance, the given one or the component's, that Google would not accept. */
export const instanceNameOf =
  (name: string): Rule =>
  (check, value) => {
    const { instanceName, project: id } = value as CloudSqlChoice;
    if (instanceName === undefined) {
      check.refuse(
        "name",
        !isInstanceName.test(name),
        `the component's name, or instanceName, must ${instanceNameRule}`,
      );
      return;
    }
    check.at("instanceName").holdAs(
      id,
      must<string>(
        `leave project and instanceName together at ${mostCharacters - 1} characters; shorten it`,
        (projectId) => `${projectId}:${instanceName}`.length <= mostCharacters,
      ),
    );
  };

function diskOf({ diskSizeGb = 10, maxDiskSizeGb, ...args }: CloudSqlChoice) {
  const most = mostDiskGb(machineOf(args).tier);
  return {
    diskSizeGb,
    maxDiskSizeGb: maxDiskSizeGb ?? Math.min(most, Math.max(100, 2 * diskSizeGb)),
  };
}

function backupsOf({ transactionLogRetentionDays = 7, retainedBackups }: CloudSqlChoice) {
  return {
    transactionLogRetentionDays,
    retainedBackups: retainedBackups ?? Math.max(7, transactionLogRetentionDays),
  };
}

/** Every choice, with the defaults of those that are left out. */
export function cloudSqlChoices(args: CloudSqlDatabaseArgs) {
  const machine = machineOf(args);
  const maxConnections = args.maxConnections ?? tierFacts[machine.tier].maxConnections;
  const flags = { ...args.databaseFlags, max_connections: String(maxConnections) };
  return {
    ...machine,
    ...diskOf(args),
    ...backupsOf(args),
    backupStartTime: args.backupStartTime ?? "02:00",
    protectData: args.protectData ?? true,
    paused: args.paused ?? false,
    dataCache: args.dataCache ?? false,
    version: args.postgresVersion ?? CloudSqlVersion.Postgres17,
    labels: labelsAtGoogle(args.labels),
    // sorted by name, so that their order changes nothing
    flags: Object.entries(flags)
      .map(([name, value]) => ({ name, value }))
      .sort((one, other) => (one.name < other.name ? -1 : 1)),
  };
}
