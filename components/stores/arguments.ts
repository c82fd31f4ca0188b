import type * as pulumi from "@pulumi/pulumi";
import { ensure, isWholeNumber, refuse } from "../core/checks.ts";
import { checkOneOf } from "../core/closedSets.ts";
import { checkedProject, checkRegion } from "../google/googleChecks.ts";
import { googleLabels } from "../google/googleLabels.ts";
import type { ContainerResourcesArgs } from "../kubernetes/arguments.ts";
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

/** Arguments of PostgresDatabase. */
export interface PostgresDatabaseArgs {
  /** Namespace that holds the database. */
  namespace: pulumi.Input<string>;
  /** Name of the Service, by which clients find it, and of the objects behind it. Defaults to the component's name. Changing it replaces them, the claim with its data included. */
  serviceName?: string;
  /** Image with the environment contract of the official `postgres` image. Changing its major version needs a dump and a restore. */
  image: pulumi.Input<string>;
  /** Size of the claim that holds the data. Defaults to `8Gi`. It can grow where the storage class allows it, never shrink. */
  storageSize?: pulumi.Input<string>;
  /** Storage class of the claim. Defaults to the cluster's default class. Changing it replaces the claim and loses the data. */
  storageClassName?: pulumi.Input<string>;
  /** Most connections at a time, 10 to 1000. Defaults to 60, which fits one MLflow pod and its successor during a rollout. */
  maxConnections?: pulumi.Input<number>;
  /** Password of the database user. Generated when left out. It is set when the data is first made: changing it later locks everybody out. */
  password?: pulumi.Input<string>;
  /** Whether the pod is stopped. Defaults to false. The data stays on its claim. */
  paused?: boolean;
  /** CPU and memory. Defaults to 100m and 128Mi requested, 2 cores and 512Mi at most. */
  resources?: ContainerResourcesArgs;
  /** Labels added to every object. */
  labels?: { [key: string]: pulumi.Input<string> };
  /** Annotations added to every object. */
  annotations?: { [key: string]: pulumi.Input<string> };
}

/** Arguments of VolumeArtifactStore. */
export interface VolumeArtifactStoreArgs {
  /** Namespace that holds the claim; it must be the tracking server's. */
  namespace: pulumi.Input<string>;
  /** Size of the claim. Defaults to `20Gi`. It can grow where the storage class allows it, never shrink. */
  storageSize?: pulumi.Input<string>;
  /** Storage class of the claim. Defaults to the cluster's default class. Changing it replaces the claim and loses every artifact. */
  storageClassName?: pulumi.Input<string>;
  /** Labels added to every object. */
  labels?: { [key: string]: pulumi.Input<string> };
  /** Annotations added to every object. */
  annotations?: { [key: string]: pulumi.Input<string> };
}

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

/** Arguments of CloudSqlDatabase. */
export interface CloudSqlDatabaseArgs {
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
  /** Network with Private Service Access that gives the instance a private address. Left out, it has a public one that lets nobody in but the Auth Proxy. Taking it away again replaces the instance and loses the data. */
  privateNetworkId?: pulumi.Input<string>;
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

/** The arguments, checked and with their defaults. Call it before anything is registered. */
export function checkedCloudSql(subject: string, name: string, args: CloudSqlDatabaseArgs) {
  const project = checkedProject(subject, args.project);
  checkRegion(subject, args.region);
  checkOneOf(subject, "edition", args.edition, CloudSqlEdition);
  checkOneOf(subject, "tier", args.tier, CloudSqlTier);
  checkOneOf(subject, "availability", args.availability, CloudSqlAvailability);
  checkOneOf(subject, "postgresVersion", args.postgresVersion, CloudSqlVersion);
  checkInstanceName(subject, name, args);
  checkTexts(subject, args);
  const edition = args.edition ?? CloudSqlEdition.Enterprise;
  const tier = args.tier ?? editionFacts[edition].tier;
  const availability = args.availability ?? CloudSqlAvailability.Zonal;
  checkTier(subject, tier, edition, availability);
  const { protectData = true, paused = false, dataCache = false } = args;
  refuse(
    subject,
    dataCache && edition !== CloudSqlEdition.EnterprisePlus,
    `dataCache needs the edition ${CloudSqlEdition.EnterprisePlus}; leave it out or change the edition`,
  );
  refuse(
    subject,
    paused && protectData,
    "paused stops backups as well, so protected data cannot be paused; set protectData to false first",
  );
  return {
    project,
    edition,
    tier,
    availability,
    protectData,
    paused,
    dataCache,
    version: args.postgresVersion ?? CloudSqlVersion.Postgres17,
    labels: googleLabels(subject, args.labels),
    flags: checkedFlags(subject, args, tier),
    ...checkedDisk(subject, args, tier),
    ...checkedBackups(subject, args, edition),
  };
}

/** Google's limit for `project:instance`. */
const mostCharacters = 98;

/** What is left for an instance in a project whose id is of the greatest length. */
export const mostInstanceCharacters = mostCharacters - ":".length - 30;

function checkInstanceName(subject: string, name: string, args: CloudSqlDatabaseArgs): void {
  const { instanceName = name, project } = args;
  const rule =
    "start with a letter, end with a letter or a digit, and have lower-case letters, digits and hyphens alone";
  const given =
    args.instanceName === undefined ? "the component's name, or instanceName," : "instanceName";
  refuse(subject, !/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(instanceName), `${given} must ${rule}`);
  if (args.instanceName === undefined) return;
  ensure(
    subject,
    "instanceName",
    project,
    (id) => `${id}:${instanceName}`.length <= mostCharacters,
    `leave project and instanceName together at ${mostCharacters - 1} characters; shorten it`,
  );
}

/** An empty text is not one that is left out. */
function checkTexts(subject: string, { privateNetworkId, password }: CloudSqlDatabaseArgs): void {
  const isGiven = (text: string) => text !== "";
  if (privateNetworkId !== undefined) {
    const rule = "be the id of a network, or be left out";
    ensure(subject, "privateNetworkId", privateNetworkId, isGiven, rule);
  }
  if (password !== undefined) {
    const rule = "not be empty; leave it out to have one generated";
    ensure(subject, "password", password, isGiven, rule);
  }
}

function checkTier(
  subject: string,
  tier: CloudSqlTier,
  edition: CloudSqlEdition,
  availability: CloudSqlAvailability,
): void {
  const fitting = Object.values(CloudSqlTier).filter(isTierOf(edition)).join(", ");
  const { edition: needed, sharedCore } = tierFacts[tier];
  refuse(
    subject,
    needed !== edition,
    `tier ${tier} does not exist in the edition ${edition}; take one of ${fitting}, or the edition ${needed}`,
  );
  refuse(
    subject,
    sharedCore === true && availability === CloudSqlAvailability.Regional,
    `tier ${tier} shares its core, and Google promises no availability for it; take ${CloudSqlTier.Custom1} or more, or availability ${CloudSqlAvailability.Zonal}`,
  );
}

/** Flags of Postgres, sorted by name, with room for MLflow's connections. */
function checkedFlags(subject: string, args: CloudSqlDatabaseArgs, tier: CloudSqlTier) {
  const { databaseFlags = {}, maxConnections = tierFacts[tier].maxConnections } = args;
  const least = connectionsNeeded(1, 1);
  ensure(
    subject,
    "maxConnections",
    maxConnections,
    isWholeNumber(least, 10_000),
    `be a whole number from ${least}, what one MLflow pod and its successor open, to 10000`,
  );
  for (const flag of Object.keys(databaseFlags)) {
    refuse(
      subject,
      flag === "max_connections",
      "databaseFlags must not set max_connections; use maxConnections",
    );
    const wrong = !/^[a-z][a-z0-9_.]*$/.test(flag);
    refuse(
      subject,
      wrong,
      `databaseFlags must have names such as log_min_duration_statement, not "${flag}"`,
    );
  }
  const flags = { ...databaseFlags, max_connections: String(maxConnections) };
  return Object.entries(flags)
    .map(([flag, value]) => ({ name: flag, value }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

function checkedDisk(subject: string, args: CloudSqlDatabaseArgs, tier: CloudSqlTier) {
  const most = tierFacts[tier].sharedCore ? 3062 : 65_536;
  const { diskSizeGb = 10, maxDiskSizeGb = Math.min(most, Math.max(100, 2 * diskSizeGb)) } = args;
  const isSize = isWholeNumber(10, most);
  const rule = `be a whole number of gigabytes from 10 to ${most}`;
  ensure(subject, "diskSizeGb", diskSizeGb, isSize, rule);
  ensure(subject, "maxDiskSizeGb", maxDiskSizeGb, isSize, rule);
  refuse(
    subject,
    maxDiskSizeGb < diskSizeGb,
    "maxDiskSizeGb must be diskSizeGb or more; raise it or leave it out",
  );
  return { diskSizeGb, maxDiskSizeGb };
}

function checkedBackups(subject: string, args: CloudSqlDatabaseArgs, edition: CloudSqlEdition) {
  const { backupStartTime = "02:00", transactionLogRetentionDays = 7 } = args;
  const { retainedBackups = Math.max(7, transactionLogRetentionDays) } = args;
  const { mostLogDays } = editionFacts[edition];
  ensure(
    subject,
    "backupStartTime",
    backupStartTime,
    (time) => /^([01][0-9]|2[0-3]):[0-5][0-9]$/.test(time),
    "be a time of day in UTC such as 02:00",
  );
  ensure(
    subject,
    "transactionLogRetentionDays",
    transactionLogRetentionDays,
    isWholeNumber(1, mostLogDays),
    `be a whole number from 1 to ${mostLogDays}, the limit of the edition ${edition}`,
  );
  const isCount = isWholeNumber(1, 365);
  ensure(subject, "retainedBackups", retainedBackups, isCount, "be a whole number from 1 to 365");
  refuse(
    subject,
    retainedBackups < transactionLogRetentionDays,
    "retainedBackups must be transactionLogRetentionDays or more: a log is of use only after a backup; raise it",
  );
  return { backupStartTime, transactionLogRetentionDays, retainedBackups };
}
