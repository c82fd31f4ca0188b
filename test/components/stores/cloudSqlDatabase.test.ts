import { readFileSync } from "node:fs";
import { isSecret, output } from "@pulumi/pulumi";
import {
  CloudSqlDatabase,
  type CloudSqlDatabaseArgs,
  CloudSqlEdition,
  CloudSqlTier,
} from "../../../components/index.ts";
import { tierFacts } from "../../../components/stores/cloudSqlTiers.ts";
import { connectionsNeeded } from "../../../components/tracking/connections.ts";
import { describePreview, tree } from "../../support/cases.ts";
import { markerPassword, record } from "../../support/recorder.ts";
import { readable, textsInTheOpen } from "../../support/wire.ts";

const make = (name: string, args: CloudSqlDatabaseArgs) => new CloudSqlDatabase(name, args);
const network = "projects/wine-ml/global/networks/mlops";
const base: CloudSqlDatabaseArgs = {
  project: "wine-ml",
  region: "europe-west1",
  privateNetworkId: network,
};

// SECURITY.md: Cloud SQL has a private address, takes client certificates of the Auth Proxy only,
// and opens no network.
// SECURITY.md: What has data is protected in Pulumi and at Google until the stack says otherwise.
test("makes an instance with backups that only the Auth Proxy reaches, two databases and a user", async () => {
  const { resources, find } = await record(() => make("sql", base));
  expect(tree(resources)).toEqual([
    "gcp:sql/database:Database sql-auth-database < sql",
    "gcp:sql/database:Database sql-database < sql",
    "gcp:sql/databaseInstance:DatabaseInstance sql-instance < sql",
    "gcp:sql/user:User sql-user < sql",
    "mlops:index:CloudSqlDatabase sql",
    "random:index/randomId:RandomId sql-name < sql",
    "random:index/randomPassword:RandomPassword sql-password < sql",
  ]);
  expect(find("sql-instance").inputs).toEqual({
    project: "wine-ml",
    region: "europe-west1",
    name: "sql-1a2b3c",
    databaseVersion: "POSTGRES_17",
    deletionProtection: true,
    settings: {
      tier: "db-custom-1-3840",
      edition: "ENTERPRISE",
      availabilityType: "ZONAL",
      activationPolicy: "ALWAYS",
      diskType: "PD_SSD",
      diskSize: 10,
      diskAutoresize: true,
      diskAutoresizeLimit: 100,
      databaseFlags: [{ name: "max_connections", value: "100" }],
      ipConfiguration: {
        ipv4Enabled: false,
        privateNetwork: network,
        sslMode: "TRUSTED_CLIENT_CERTIFICATE_REQUIRED",
      },
      connectorEnforcement: "REQUIRED",
      backupConfiguration: {
        enabled: true,
        startTime: "02:00",
        pointInTimeRecoveryEnabled: true,
        transactionLogRetentionDays: 7,
        backupRetentionSettings: { retainedBackups: 7, retentionUnit: "COUNT" },
      },
      deletionProtectionEnabled: true,
      retainBackupsOnDelete: true,
      finalBackupConfig: { enabled: true, retentionDays: 30 },
      maintenanceWindow: { day: 7, hour: 6, updateTrack: "stable" },
      insightsConfig: { queryInsightsEnabled: true },
      userLabels: { "part-of": "mlops-platform", "managed-by": "pulumi" },
    },
  });
  expect(readable(find("sql").outputs!)).toEqual({
    connection: {
      host: "127.0.0.1",
      port: 5432,
      address: "10.20.0.3",
      database: "mlflow",
      authDatabase: "mlflow_auth",
      username: "mlflow",
      password: `secret:${markerPassword("sql-password")}`,
      proxy: { instance: "wine-ml:europe-west1:sql-1a2b3c", privateAddress: true },
    },
    instanceName: "sql-1a2b3c",
    monthlyCostUsd: 51.09,
  });
});

test("databases and user wait only for the instance, and are deleted with it", async () => {
  const { find } = await record(() => make("sql", base));
  const part = { project: "wine-ml", instance: "sql-1a2b3c", deletionPolicy: "ABANDON" };
  expect(find("sql-database").inputs).toEqual({ ...part, name: "mlflow" });
  expect(find("sql-auth-database").inputs).toEqual({ ...part, name: "mlflow_auth" });
  expect(readable(find("sql-user").inputs)).toEqual({
    ...part,
    name: "mlflow",
    password: `secret:${markerPassword("sql-password")}`,
  });
  const options = ["sql-instance", "sql-database", "sql-auth-database", "sql-user"].map((name) => [
    name,
    find(name).options,
  ]);
  expect(Object.fromEntries(options)).toEqual({
    "sql-instance": { dependsOn: ["sql-name"], protect: true },
    "sql-database": { dependsOn: ["sql-instance"], protect: true },
    "sql-auth-database": { dependsOn: ["sql-instance"], protect: true },
    "sql-user": { dependsOn: ["sql-instance", "sql-password"], protect: true },
  });
});

test("its name is known before it exists, and a change of location gives another one", async () => {
  const { find } = await record(() => {
    const { instanceName } = make("sql", base);
    new CloudSqlDatabase("later", { ...base, project: instanceName.apply(() => "wine-ml") });
  });
  expect(find("later-name").options.dependsOn).toEqual(["sql-name"]);
  expect(find("sql-name").inputs).toEqual({
    byteLength: 3,
    keepers: { project: "wine-ml", region: "europe-west1", address: "private" },
  });
});

test("without a network it has a public address that no network may use", async () => {
  const { find } = await record(() => make("sql", { ...base, privateNetworkId: undefined }));
  expect(find("sql-instance").inputs["settings"]).toMatchObject({
    connectorEnforcement: "REQUIRED",
    ipConfiguration: { ipv4Enabled: true, sslMode: "TRUSTED_CLIENT_CERTIFICATE_REQUIRED" },
  });
  expect(JSON.stringify(find("sql-instance").inputs)).not.toMatch(
    /authorizedNetworks|privateNetwork/,
  );
  expect(find("sql").outputs).toMatchObject({
    connection: { address: "203.0.113.7", proxy: { privateAddress: false } },
  });
});

test("the password is always secret, passed in plaintext or generated", async () => {
  const password = "MARKER-given-in-the-clear";
  const { resources, result } = await record(() => [
    make("sql", base),
    make("given", { ...base, password }),
  ]);
  const open = resources.flatMap(({ inputs, outputs }) => [
    ...textsInTheOpen(inputs),
    ...textsInTheOpen(outputs ?? {}),
  ]);
  expect(open.filter((text) => text.includes("MARKER"))).toEqual([]);
  expect(JSON.stringify(resources)).toContain(password);
  expect(JSON.stringify(resources)).toContain("MARKER-sql-password");
  expect(await Promise.all(result.map((sql) => isSecret(output(sql.connection.password))))).toEqual(
    [true, true],
  );
  expect(await Promise.all(result.map((sql) => isSecret(output(sql.connection.username))))).toEqual(
    [false, false],
  );
});

test.each(Object.values(CloudSqlTier))("%s costs what its comment says", async (tier) => {
  const { edition } = tierFacts[tier];
  const { find } = await record(() => make("sql", { ...base, tier, edition }));
  const diskAndBackupsUsd = 10 * 0.17 + 0.08;
  const machineUsd = Number(find("sql").outputs?.["monthlyCostUsd"]) - diskAndBackupsUsd;
  const tiers = readFileSync("components/stores/cloudSqlTiers.ts", "utf8");
  const [, comment] = new RegExp(`/\\*\\* (.*) \\*/\\n +\\w+: "${tier}"`).exec(tiers)!;
  expect(comment).toContain(`for $${machineUsd.toFixed(2)}`);
  expect(comment).toContain(
    edition === CloudSqlEdition.EnterprisePlus ? "in ENTERPRISE_PLUS" : "minutes to create",
  );
});

test("as many backups are kept as there are days of logs", async () => {
  const args = {
    ...base,
    edition: CloudSqlEdition.EnterprisePlus,
    transactionLogRetentionDays: 35,
  };
  const { find } = await record(() => make("sql", args));
  expect(find("sql-instance").inputs["settings"]).toMatchObject({
    backupConfiguration: {
      transactionLogRetentionDays: 35,
      backupRetentionSettings: { retainedBackups: 35 },
    },
  });
});

test.each(Object.values(CloudSqlTier))("MLflow's connections fit into %s", async (tier) => {
  const { edition } = tierFacts[tier];
  const { find } = await record(() => make("sql", { ...base, tier, edition }));
  const { databaseFlags } = find("sql-instance").inputs["settings"] as {
    databaseFlags: [{ name: string; value: string }];
  };
  expect(databaseFlags.map(({ name }) => name)).toEqual(["max_connections"]);
  expect(Number(databaseFlags[0].value)).toBeGreaterThanOrEqual(connectionsNeeded(1, 1));
});

test("a disk of a shared core grows only to Google's limit", async () => {
  const args = { ...base, tier: CloudSqlTier.SharedMicro, diskSizeGb: 2000 };
  const { find } = await record(() => make("sql", args));
  expect(find("sql-instance").inputs["settings"]).toMatchObject({ diskAutoresizeLimit: 3062 });
});

describePreview(make, "sql", base, (unknown) => ({
  project: unknown,
  privateNetworkId: unknown,
  labels: { team: unknown },
}));
