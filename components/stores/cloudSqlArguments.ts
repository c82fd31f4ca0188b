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
  required,
  type Rule,
  type Rules,
  string,
  text,
  whole,
} from "../core/checks.ts";
import { googleLabels, project, region } from "../google/googleChecks.ts";
import { labelsAtGoogle } from "../google/googleNames.ts";
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
import { password } from "./arguments.ts";

/** What people choose about a Cloud SQL database. */
export interface CloudSqlSettings {
  /** Id of the Google Cloud project that holds the instance. Changing it replaces the instance and loses the data. */
  project: pulumi.Input<string>;
  /** Region of the instance, ideally the cluster's. Changing it replaces the instance and loses the data. */
  region: string;
  /** Name of the instance. Defaults to the component's name and six random digits. Google reserves a deleted name for about a week. Changing it replaces the instance and loses the data. */
  instanceName?: string;
  /** Machine type, which determines the price. Defaults to `db-custom-1-3840` ($49.31 a month in us-central1, about 10 minutes to create), in ENTERPRISE_PLUS to `db-perf-optimized-N-2` ($184.68). `db-f1-micro` costs $7.67 and takes about 25 minutes. Changing it restarts the database. */
  tier?: CloudSqlTier;
  /** Edition. Defaults to `ENTERPRISE`; Google's own default since Postgres 16 is the more expensive `ENTERPRISE_PLUS`. */
  edition?: CloudSqlEdition;
  /** One zone, or a standby in a second zone. Defaults to `ZONAL`. `REGIONAL` doubles the price and needs a tier with dedicated cores. */
  availability?: CloudSqlAvailability;
  /** Size of the SSD in GB, 10 to 65536. Defaults to 10, $1.70 a month. The disk grows automatically and with this argument, but never shrinks. */
  diskSizeGb?: number;
  /** Size in GB up to which the disk grows automatically. Defaults to 100, or twice `diskSizeGb` if that is more. A full disk stops the database. */
  maxDiskSizeGb?: number;
  /** Major version of Postgres. Defaults to `POSTGRES_17`. A higher version is an in-place upgrade with a few minutes of downtime; Google rejects a lower one. */
  postgresVersion?: CloudSqlVersion;
  /** Start in UTC of the four-hour window for the daily backup. Defaults to `02:00`. */
  backupStartTime?: string;
  /** Days of transaction logs for point-in-time recovery, 1 to 7, or up to 35 in ENTERPRISE_PLUS. Defaults to 7. */
  transactionLogRetentionDays?: number;
  /** Number of daily backups to keep, 1 to 365 and at least `transactionLogRetentionDays`. Defaults to 7, or to those days if they are more. */
  retainedBackups?: number;
  /** Whether a local SSD caches reads. ENTERPRISE_PLUS only. Defaults to false. */
  dataCache?: boolean;
  /** Maximum number of connections, 50 to 10000. Defaults to Google's limit for the tier's memory, but at least 60: enough for one MLflow pod and its successor during a rollout. Changing it restarts the database. */
  maxConnections?: number;
  /** Additional Postgres flags, such as `log_min_duration_statement`. Some restart the database. */
  databaseFlags?: { [key: string]: string };
  /** Password of the database user. Generated when left out. Changing it locks MLflow out until its pods are replaced, which the same `pulumi up` does. */
  password?: pulumi.Input<string>;
  /** Whether the instance is protected from replacement and deletion, by Pulumi, in the console and through the API, and keeps its backups. Defaults to true. To delete it, first set this to false and run `pulumi up`; from then on, destroying the stack loses the data and every backup. */
  protectData?: boolean;
  /** Whether the instance is stopped, so that only disk, backups and a public address are billed. Defaults to false. It cannot be combined with `protectData`, and a new instance cannot start paused: Google creates databases and users only in a running one. */
  paused?: boolean;
  /** Labels added to the instance. Keys and values are lower-case letters, digits, hyphens and underscores. */
  labels?: { [key: string]: pulumi.Input<string> };
}

/** Arguments of CloudSqlDatabase. */
export interface CloudSqlDatabaseArgs extends CloudSqlSettings {
  /** Network with Private Service Access that gives the instance a private address. Left out, the instance has a public address that accepts connections from the Auth Proxy only. Removing it later replaces the instance and loses the data. */
  privateNetworkId?: pulumi.Input<string>;
}

const isInstanceName = /^[a-z]([a-z0-9-]*[a-z0-9])?$/;
const instanceNameRule =
  "start with a letter, end with a letter or a digit, and have lower-case letters, digits and hyphens only";

const cloudSqlRules: Rules<CloudSqlSettings> = {
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
  password,
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
type CloudSqlChoice = Partial<CloudSqlSettings>;

/** Most gigabytes of disk, which a tier with a shared core has fewer of. */
const mostDiskGb = (tier: CloudSqlTier) => (tierFacts[tier].sharedCore ? 3062 : 65_536);

const cloudSqlTogether: Combination<CloudSqlSettings> = (check, args) => {
  const name = (argument: keyof CloudSqlSettings) => check.pathOf(argument);
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
    `${name("dataCache")} needs the edition ${CloudSqlEdition.EnterprisePlus}; leave it out or set ${name("edition")} to it`,
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
      `${name(key)} must be ${most} at most with the tier ${tier}; lower it or choose a tier with dedicated cores`,
    );
  }
  check.refuse(
    "maxDiskSizeGb",
    args.maxDiskSizeGb !== undefined && maxDiskSizeGb < diskSizeGb,
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
export const cloudSqlFaults = (settings: CloudSqlSettings): Fault[] =>
  faultsOf(settings, checkCloudSqlSettings);

/** Google's limit for `project:instance`. */
const mostCharacters = 98;

/** What is left for an instance in a project whose id is of the greatest length. */
export const mostInstanceCharacters = mostCharacters - ":".length - 30;

export const checkCloudSql = (name: string): Rule =>
  object<CloudSqlDatabaseArgs>(
    { ...cloudSqlRules, privateNetworkId: text },
    cloudSqlTogether,
    (check, { instanceName, project: id }) => {
      check.refuse(
        "name",
        instanceName === undefined && !isInstanceName.test(name),
        `the component's name, or instanceName, must ${instanceNameRule}`,
      );
      if (instanceName === undefined) return;
      check.hold(
        "instanceName",
        id,
        must<string>(
          `leave project and instanceName together at ${mostCharacters - 1} characters; shorten it`,
          (projectId) => `${projectId}:${instanceName}`.length <= mostCharacters,
        ),
      );
    },
  );

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
