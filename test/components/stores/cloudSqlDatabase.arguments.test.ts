import {
  CloudSqlAvailability,
  CloudSqlDatabase,
  type CloudSqlDatabaseArgs,
  CloudSqlEdition,
  CloudSqlTier,
  CloudSqlVersion,
} from "../../../components/index.ts";
import { describeArguments } from "../../support/cases.ts";

const make = (name: string, args: CloudSqlDatabaseArgs) => new CloudSqlDatabase(name, args);
const network = "projects/wine-ml/global/networks/mlops";
const base: CloudSqlDatabaseArgs = {
  project: "wine-ml",
  region: "europe-west1",
  privateNetworkId: network,
};
const { EnterprisePlus } = CloudSqlEdition;
const renamed = (instance: string, connection: string) => [
  `sql outputs.instanceName: sql-1a2b3c → ${instance}`,
  `sql outputs.connection.proxy.instance: wine-ml:europe-west1:sql-1a2b3c → ${connection}`,
  `sql-auth-database instance: sql-1a2b3c → ${instance}`,
  `sql-database instance: sql-1a2b3c → ${instance}`,
  `sql-instance name: sql-1a2b3c → ${instance}`,
  `sql-user instance: sql-1a2b3c → ${instance}`,
];
const settings = "sql-instance settings";
const backups = `${settings}.backupConfiguration`;

describeArguments(make, "sql", base, {
  project: {
    value: "beer-ml",
    changes: [
      "sql outputs.connection.proxy.instance: wine-ml:europe-west1:sql-1a2b3c → beer-ml:europe-west1:sql-1a2b3c",
      ...["auth-database", "database", "instance", "user"].map(
        (part) => `sql-${part} project: wine-ml → beer-ml`,
      ),
      "sql-name keepers.project: wine-ml → beer-ml",
    ],
  },
  region: {
    value: "us-central1",
    changes: [
      "sql outputs.connection.proxy.instance: wine-ml:europe-west1:sql-1a2b3c → wine-ml:us-central1:sql-1a2b3c",
      "sql-instance region: europe-west1 → us-central1",
      "sql-name keepers.region: europe-west1 → us-central1",
    ],
  },
  instanceName: {
    value: "wine",
    changes: [
      ...renamed("wine", "wine-ml:europe-west1:wine"),
      "- sql-name",
      "sql-instance options.dependsOn: sql-name → ∅",
    ],
  },
  tier: {
    value: CloudSqlTier.SharedMicro,
    changes: [
      "sql outputs.monthlyCostUsd: 51.09 → 9.45",
      `${settings}.databaseFlags[max_connections].value: 100 → 60`,
      `${settings}.tier: db-custom-1-3840 → db-f1-micro`,
    ],
  },
  edition: {
    value: EnterprisePlus,
    changes: [
      "sql outputs.monthlyCostUsd: 51.09 → 186.46",
      `${settings}.dataCacheConfig.dataCacheEnabled: ∅ → false`,
      `${settings}.databaseFlags[max_connections].value: 100 → 500`,
      `${settings}.edition: ENTERPRISE → ENTERPRISE_PLUS`,
      `${settings}.tier: db-custom-1-3840 → db-perf-optimized-N-2`,
    ],
  },
  availability: {
    value: CloudSqlAvailability.Regional,
    changes: [
      "sql outputs.monthlyCostUsd: 51.09 → 102.1",
      `${settings}.availabilityType: ZONAL → REGIONAL`,
    ],
  },
  diskSizeGb: {
    value: 200,
    changes: [
      "sql outputs.monthlyCostUsd: 51.09 → 84.91",
      `${settings}.diskAutoresizeLimit: 100 → 400`,
      `${settings}.diskSize: 10 → 200`,
    ],
  },
  maxDiskSizeGb: { value: 50, changes: [`${settings}.diskAutoresizeLimit: 100 → 50`] },
  privateNetworkId: {
    value: "projects/wine-ml/global/networks/other",
    changes: [
      `${settings}.ipConfiguration.privateNetwork: ${network} → projects/wine-ml/global/networks/other`,
    ],
  },
  postgresVersion: {
    value: CloudSqlVersion.Postgres18,
    changes: ["sql-instance databaseVersion: POSTGRES_17 → POSTGRES_18"],
  },
  backupStartTime: { value: "23:30", changes: [`${backups}.startTime: 02:00 → 23:30`] },
  transactionLogRetentionDays: {
    value: 3,
    changes: [`${backups}.transactionLogRetentionDays: 7 → 3`],
  },
  retainedBackups: {
    value: 30,
    changes: [`${backups}.backupRetentionSettings.retainedBackups: 7 → 30`],
  },
  dataCache: {
    with: { edition: EnterprisePlus },
    value: true,
    changes: [`${settings}.dataCacheConfig.dataCacheEnabled: false → true`],
  },
  maxConnections: {
    value: 250,
    changes: [`${settings}.databaseFlags[max_connections].value: 100 → 250`],
  },
  databaseFlags: {
    value: { "pgaudit.log": "all", log_min_duration_statement: "500" },
    changes: [
      `${settings}.databaseFlags[log_min_duration_statement].name: ∅ → log_min_duration_statement`,
      `${settings}.databaseFlags[log_min_duration_statement].value: ∅ → 500`,
      `${settings}.databaseFlags[pgaudit.log].name: ∅ → pgaudit.log`,
      `${settings}.databaseFlags[pgaudit.log].value: ∅ → all`,
    ],
  },
  password: {
    value: "my own password",
    changes: [
      "- sql-password",
      "sql outputs.connection.password: secret:MARKER-sql-password-%@:/?# → secret:my own password",
      "sql-user options.dependsOn: -sql-password",
      "sql-user password: secret:MARKER-sql-password-%@:/?# → secret:my own password",
    ],
  },
  protectData: {
    value: false,
    changes: [
      "sql-instance deletionProtection: true → false",
      ...["auth-database", "database", "instance", "name", "password", "user"].map(
        (part) => `sql-${part} options.protect: true → ∅`,
      ),
      `${settings}.deletionProtectionEnabled: true → false`,
      `${settings}.finalBackupConfig.enabled: true → false`,
      `${settings}.finalBackupConfig.retentionDays: 30 → ∅`,
      `${settings}.retainBackupsOnDelete: true → false`,
    ],
  },
  paused: {
    with: { protectData: false },
    value: true,
    changes: [
      "sql outputs.monthlyCostUsd: 51.09 → 1.78",
      `${settings}.activationPolicy: ALWAYS → NEVER`,
    ],
  },
  labels: { value: { team: "blue" }, changes: [`${settings}.userLabels.team: ∅ → blue`] },
});
