import {
  CloudSqlAvailability,
  CloudSqlDatabase,
  type CloudSqlDatabaseArgs,
  CloudSqlEdition,
  CloudSqlTier,
  type CloudSqlVersion,
} from "../../../components/index.ts";
import { describeRefusals } from "../../support/cases.ts";

const make = (name: string, args: CloudSqlDatabaseArgs) => new CloudSqlDatabase(name, args);
const base: CloudSqlDatabaseArgs = {
  project: "wine-ml",
  region: "europe-west1",
  privateNetworkId: "projects/wine-ml/global/networks/mlops",
};
const { EnterprisePlus } = CloudSqlEdition;

const refused = (rows: [Partial<CloudSqlDatabaseArgs>, string][]) =>
  rows.map(([faulty, sentence]): [Partial<CloudSqlDatabaseArgs>, string] => [
    faulty,
    `CloudSqlDatabase "sql": ${sentence}`,
  ]);
const characters =
  "must start with a letter, end with a letter or a digit, and have lower-case letters, digits and hyphens only";

describeRefusals(
  make,
  "sql",
  base,
  refused([
    [{ project: "" }, "project must be given"],
    [
      { region: "europe-west1-b" },
      'region must be a region of Google Cloud such as europe-west1, not "europe-west1-b"',
    ],
    [
      { region: "us-centrall" },
      'region must be a region of Google Cloud such as us-central1, not "us-centrall"',
    ],
    [{ instanceName: "Wine" }, `instanceName ${characters}`],
    [{ instanceName: "wine-" }, `instanceName ${characters}`],
    [{ instanceName: "wine_sql" }, `instanceName ${characters}`],
    [
      { instanceName: "w".repeat(91) },
      "instanceName must leave project and instanceName together at 97 characters; shorten it",
    ],
    [
      { tier: "db-custom-2-7860" as CloudSqlTier },
      `tier must be one of ${Object.values(CloudSqlTier).join(", ")}, not "db-custom-2-7860"; the nearest is db-custom-2-7680`,
    ],
    [
      { tier: CloudSqlTier.Optimized2 },
      "tier db-perf-optimized-N-2 does not exist in the edition ENTERPRISE; take one of db-f1-micro, db-g1-small, db-custom-1-3840, db-custom-2-7680, db-custom-4-15360, db-custom-8-30720, or set edition to ENTERPRISE_PLUS",
    ],
    [
      { tier: CloudSqlTier.SharedMicro, edition: EnterprisePlus },
      "tier db-f1-micro does not exist in the edition ENTERPRISE_PLUS; take one of db-perf-optimized-N-2, db-perf-optimized-N-4, db-perf-optimized-N-8, or set edition to ENTERPRISE",
    ],
    [
      { tier: CloudSqlTier.Custom4, edition: EnterprisePlus },
      "tier db-custom-4-15360 does not exist in the edition ENTERPRISE_PLUS; take one of db-perf-optimized-N-2, db-perf-optimized-N-4, db-perf-optimized-N-8, or set edition to ENTERPRISE",
    ],
    [
      { tier: CloudSqlTier.SharedSmall, availability: CloudSqlAvailability.Regional },
      "tier db-g1-small shares its core, and Google promises no availability for it; take db-custom-1-3840 or more, or set availability to ZONAL",
    ],
    [
      { edition: "enterprise" as CloudSqlEdition },
      'edition must be one of ENTERPRISE, ENTERPRISE_PLUS, not "enterprise"; the nearest is ENTERPRISE',
    ],
    [
      { availability: "HA" as CloudSqlAvailability },
      'availability must be one of ZONAL, REGIONAL, not "HA"; the nearest is ZONAL',
    ],
    [
      { postgresVersion: "POSTGRES_15" as CloudSqlVersion },
      'postgresVersion must be one of POSTGRES_16, POSTGRES_17, POSTGRES_18, not "POSTGRES_15"; the nearest is POSTGRES_16',
    ],
    [
      { dataCache: true },
      "dataCache needs the edition ENTERPRISE_PLUS; leave it out or set edition to it",
    ],
    [
      { paused: true },
      "paused stops backups as well, so protected data cannot be paused; set protectData to false first",
    ],
    [{ diskSizeGb: 5 }, "diskSizeGb must be a whole number from 10 to 65536"],
    [
      { tier: CloudSqlTier.SharedMicro, diskSizeGb: 4000 },
      "diskSizeGb must be 3062 at most with the tier db-f1-micro; lower it or choose a tier with dedicated cores",
    ],
    [
      { diskSizeGb: 50, maxDiskSizeGb: 40 },
      "maxDiskSizeGb must be diskSizeGb or more; raise it or leave it out",
    ],
    [{ maxDiskSizeGb: 0 }, "maxDiskSizeGb must be a whole number from 10 to 65536"],
    [
      { privateNetworkId: "" },
      "privateNetworkId must be a string that is not empty; leave it out for the default",
    ],
    [{ backupStartTime: "2am" }, "backupStartTime must be a time of day in UTC such as 02:00"],
    [{ backupStartTime: "24:00" }, "backupStartTime must be a time of day in UTC such as 02:00"],
    [
      { transactionLogRetentionDays: 14 },
      "transactionLogRetentionDays must be a whole number from 1 to 7, the limit of the edition ENTERPRISE",
    ],
    [
      { transactionLogRetentionDays: 40, edition: EnterprisePlus },
      "transactionLogRetentionDays must be a whole number from 1 to 35",
    ],
    [{ retainedBackups: 0 }, "retainedBackups must be a whole number from 1 to 365"],
    [
      { retainedBackups: 3 },
      "retainedBackups must be transactionLogRetentionDays or more: a log is of use only after a backup; raise it",
    ],
    [
      { maxConnections: 25 },
      "maxConnections must be a whole number from 50, what one MLflow pod and its successor open, to 10000",
    ],
    [
      { databaseFlags: { max_connections: "25" } },
      "databaseFlags must not set max_connections; use maxConnections",
    ],
    [
      { databaseFlags: { "Log Statements": "all" } },
      'databaseFlags must have names such as log_min_duration_statement, not "Log Statements"',
    ],
    [
      { password: "" },
      "password must be a password that is not empty; leave it out to have one generated",
    ],
    [
      { labels: { team: "Blue" } },
      "labels.team must have at most 63 characters, and lower-case letters, digits, hyphens and underscores only",
    ],
  ]),
);

describeRefusals(make, "MySql", base, [
  [{}, `CloudSqlDatabase "MySql": the component's name, or instanceName, ${characters}`],
]);
