import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { generatedPassword, withSecret } from "../core/secrets.ts";
import { resourceCostUsd } from "../cost/index.ts";
import { uniqueName } from "../google/googleNames.ts";
import type { DatabaseConnection } from "../tracking/arguments.ts";
import { proxyAddress, trackingDatabase } from "../tracking/connections.ts";
import {
  checkCloudSql,
  type CloudSqlDatabaseArgs,
  cloudSqlChoices,
  mostInstanceCharacters,
} from "./cloudSqlArguments.ts";
import { CloudSqlEdition } from "./cloudSqlTiers.ts";

const { username, database, authDatabase } = trackingDatabase;

/**
 * Cloud SQL for Postgres with a generated password and two databases, one for MLflow's runs and models and one for
 * its users. Clients connect only through the Cloud SQL Auth Proxy, with a Google identity and the password.
 */
export class CloudSqlDatabase extends pulumi.ComponentResource {
  /** Connection to the database, known once it exists; pass it to a tracking server as `database`. Its password is a secret. */
  public readonly connection: DatabaseConnection;
  /** Name of the instance. It is known before the instance exists, so that roles can be bound in the meantime. */
  public readonly instanceName: pulumi.Output<string>;
  /** Monthly cost in US dollars, at list prices of us-central1. */
  public readonly monthlyCostUsd: pulumi.Output<number>;

  constructor(name: string, args: CloudSqlDatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`CloudSqlDatabase "${name}"`, args, checkCloudSql(name));
    super("mlops:index:CloudSqlDatabase", name, withSecret(args, "password"), opts);

    const { project, region } = args;
    const choices = cloudSqlChoices(args);
    const { protectData } = choices;
    // also protects the password: else a destroy that the instance refuses would already have deleted it
    const child = { parent: this, ...(protectData ? { protect: true } : {}) };
    const isPrivate = args.privateNetworkId !== undefined;
    const keepers = { project, region, address: isPrivate ? "private" : "public" };
    const generatedName = () =>
      uniqueName(`${name}-name`, name, mostInstanceCharacters, keepers, child);
    const instanceName = pulumi.output(args.instanceName ?? generatedName());
    const settings = instanceSettings(args, choices);
    const instance = new gcp.sql.DatabaseInstance(
      `${name}-instance`,
      {
        project,
        region,
        name: instanceName,
        databaseVersion: choices.version,
        deletionProtection: protectData,
        settings,
      },
      child,
    );
    // Postgres drops neither a database that is in use nor a user who owns something: both go with the instance
    const part = { project, instance: instance.name, deletionPolicy: "ABANDON" };
    const runs = new gcp.sql.Database(`${name}-database`, { ...part, name: database }, child);
    const users = new gcp.sql.Database(
      `${name}-auth-database`,
      { ...part, name: authDatabase },
      child,
    );
    const password = pulumi.secret(args.password ?? generatedPassword(`${name}-password`, child));
    const user = new gcp.sql.User(`${name}-user`, { ...part, name: username, password }, child);

    this.connection = {
      // where the Auth Proxy listens for its own pod
      ...proxyAddress,
      address: isPrivate ? instance.privateIpAddress : instance.publicIpAddress,
      database: runs.name,
      authDatabase: users.name,
      username: user.name,
      password,
      proxy: { instance: instance.connectionName, privateAddress: isPrivate },
    };
    this.instanceName = instanceName;
    this.monthlyCostUsd = pulumi.output(
      resourceCostUsd("gcp:sql/databaseInstance:DatabaseInstance", { region, settings }),
    );
    this.registerOutputs(outputsOf(this));
  }
}

function instanceSettings(
  { privateNetworkId }: CloudSqlDatabaseArgs,
  choices: ReturnType<typeof cloudSqlChoices>,
) {
  const { protectData } = choices;
  return {
    tier: choices.tier,
    edition: choices.edition,
    availabilityType: choices.availability,
    activationPolicy: choices.paused ? "NEVER" : "ALWAYS",
    diskType: "PD_SSD",
    diskSize: choices.diskSizeGb,
    diskAutoresize: true,
    diskAutoresizeLimit: choices.maxDiskSizeGb,
    databaseFlags: choices.flags,
    ipConfiguration: {
      ipv4Enabled: privateNetworkId === undefined,
      ...(privateNetworkId === undefined ? {} : { privateNetwork: privateNetworkId }),
      sslMode: "TRUSTED_CLIENT_CERTIFICATE_REQUIRED",
    },
    // the Auth Proxy shows a certificate, valid for an hour, that Google issued to its identity; no other client has one
    connectorEnforcement: "REQUIRED",
    backupConfiguration: {
      enabled: true,
      startTime: choices.backupStartTime,
      pointInTimeRecoveryEnabled: true,
      transactionLogRetentionDays: choices.transactionLogRetentionDays,
      backupRetentionSettings: { retainedBackups: choices.retainedBackups, retentionUnit: "COUNT" },
    },
    deletionProtectionEnabled: protectData,
    retainBackupsOnDelete: protectData,
    finalBackupConfig: protectData ? { enabled: true, retentionDays: 30 } : { enabled: false },
    // Sunday, when the backup of the default time is done
    maintenanceWindow: { day: 7, hour: 6, updateTrack: "stable" },
    insightsConfig: { queryInsightsEnabled: true },
    ...(choices.edition === CloudSqlEdition.EnterprisePlus
      ? { dataCacheConfig: { dataCacheEnabled: choices.dataCache } }
      : {}),
    userLabels: choices.labels,
  };
}
