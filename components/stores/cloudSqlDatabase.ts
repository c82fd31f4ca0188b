import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { withSecret } from "../core/confidential.ts";
import { generatedPassword } from "../core/passwords.ts";
import { monthlyCostUsd } from "../cost/index.ts";
import { uniqueName } from "../google/googleNames.ts";
import { proxyAddress, trackingDatabase } from "../tracking/connections.ts";
import { type CloudSqlDatabaseArgs, checkedCloudSql, mostInstanceCharacters } from "./arguments.ts";
import { CloudSqlEdition } from "./cloudSqlTiers.ts";

export {
  CloudSqlAvailability,
  CloudSqlEdition,
  CloudSqlTier,
  CloudSqlVersion,
} from "./cloudSqlTiers.ts";

/** What the Cloud SQL Auth Proxy is started with: hand it on as the `proxy` of a database connection. */
export interface CloudSqlProxy {
  /** Connection name of the instance, `project:region:instance`. */
  instance: pulumi.Output<string>;
  /** Whether the proxy has to use the private address. */
  privateAddress: pulumi.Output<boolean>;
}

const { username, database, authDatabase } = trackingDatabase;

/**
 * Cloud SQL for Postgres with a generated password and two databases, one for MLflow's runs and models and one for
 * its users. Nobody gets in but through the Cloud SQL Auth Proxy, with an identity of Google's and the password.
 */
export class CloudSqlDatabase extends pulumi.ComponentResource {
  /** Where the Auth Proxy listens for its own pod: 127.0.0.1. */
  public readonly host: pulumi.Output<string>;
  /** TCP port of the Auth Proxy. */
  public readonly port: pulumi.Output<number>;
  /** Database for runs and models, known once it exists. */
  public readonly database: pulumi.Output<string>;
  /** Database for MLflow's users and permissions, known once it exists. */
  public readonly authDatabase: pulumi.Output<string>;
  /** User that may use both databases, known once it exists. */
  public readonly username: pulumi.Output<string>;
  /** Password of that user, a secret. */
  public readonly password: pulumi.Output<string>;
  /** Name of the instance. It is known before the instance exists, so that roles can be bound meanwhile. */
  public readonly instanceName: pulumi.Output<string>;
  /** IP address of the instance: the private one, or the public one. */
  public readonly instanceAddress: pulumi.Output<string>;
  /** What the Auth Proxy is started with. */
  public readonly proxy: CloudSqlProxy;
  /** What the instance costs a month in US dollars, at list prices of us-central1. */
  public readonly monthlyCostUsd: pulumi.Output<number>;

  constructor(name: string, args: CloudSqlDatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
    const checked = checkedCloudSql(`CloudSqlDatabase "${name}"`, name, args);
    super("mlops:index:CloudSqlDatabase", name, withSecret(args, "password"), opts);

    const { region } = args;
    const { project, protectData } = checked;
    // all of it, or a destruction that the instance refuses would already have forgotten the password
    const child = { parent: this, ...(protectData ? { protect: true } : {}) };
    const isPrivate = args.privateNetworkId !== undefined;
    const keepers = { project, region, address: isPrivate ? "private" : "public" };
    const generatedName = () =>
      uniqueName(`${name}-name`, name, mostInstanceCharacters, keepers, child);
    const instanceName = pulumi.output(args.instanceName ?? generatedName());
    const settings = instanceSettings(args, checked);
    const instance = new gcp.sql.DatabaseInstance(
      `${name}-instance`,
      {
        project,
        region,
        name: instanceName,
        databaseVersion: checked.version,
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

    this.host = pulumi.output(proxyAddress.host);
    this.port = pulumi.output(proxyAddress.port);
    this.database = runs.name;
    this.authDatabase = users.name;
    this.username = user.name;
    this.password = password;
    this.instanceName = instanceName;
    this.instanceAddress = isPrivate ? instance.privateIpAddress : instance.publicIpAddress;
    this.proxy = {
      instance: instance.connectionName,
      privateAddress: pulumi.output(isPrivate),
    };
    this.monthlyCostUsd = pulumi.output(
      monthlyCostUsd([
        {
          type: "gcp:sql/databaseInstance:DatabaseInstance",
          name: `${name}-instance`,
          inputs: { region, settings },
        },
      ]),
    );
    this.registerOutputs({
      host: this.host,
      port: this.port,
      database: this.database,
      authDatabase: this.authDatabase,
      username: this.username,
      password: this.password,
      instanceName: this.instanceName,
      instanceAddress: this.instanceAddress,
      proxy: this.proxy,
      monthlyCostUsd: this.monthlyCostUsd,
    });
  }
}

function instanceSettings(
  { privateNetworkId }: CloudSqlDatabaseArgs,
  checked: ReturnType<typeof checkedCloudSql>,
) {
  const { protectData } = checked;
  return {
    tier: checked.tier,
    edition: checked.edition,
    availabilityType: checked.availability,
    activationPolicy: checked.paused ? "NEVER" : "ALWAYS",
    diskType: "PD_SSD",
    diskSize: checked.diskSizeGb,
    diskAutoresize: true,
    diskAutoresizeLimit: checked.maxDiskSizeGb,
    databaseFlags: checked.flags,
    ipConfiguration: {
      ipv4Enabled: privateNetworkId === undefined,
      ...(privateNetworkId === undefined ? {} : { privateNetwork: privateNetworkId }),
      sslMode: "TRUSTED_CLIENT_CERTIFICATE_REQUIRED",
    },
    // the Auth Proxy shows a certificate of an hour that Google gave its identity; nothing else has one
    connectorEnforcement: "REQUIRED",
    backupConfiguration: {
      enabled: true,
      startTime: checked.backupStartTime,
      pointInTimeRecoveryEnabled: true,
      transactionLogRetentionDays: checked.transactionLogRetentionDays,
      backupRetentionSettings: { retainedBackups: checked.retainedBackups, retentionUnit: "COUNT" },
    },
    deletionProtectionEnabled: protectData,
    retainBackupsOnDelete: protectData,
    finalBackupConfig: protectData ? { enabled: true, retentionDays: 30 } : { enabled: false },
    // Sunday, when the backup of the default time is done
    maintenanceWindow: { day: 7, hour: 6, updateTrack: "stable" },
    insightsConfig: { queryInsightsEnabled: true },
    ...(checked.edition === CloudSqlEdition.EnterprisePlus
      ? { dataCacheConfig: { dataCacheEnabled: checked.dataCache } }
      : {}),
    userLabels: checked.labels,
  };
}
