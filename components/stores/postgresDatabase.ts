import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { generatedPassword, withSecret } from "../core/secrets.ts";
import { services } from "../core/services.ts";
import { dataClaim } from "../kubernetes/claims.ts";
import { internalHost } from "../kubernetes/endpoints.ts";
import { metadataFor, selectorLabels, skipAwait } from "../kubernetes/metadata.ts";
import {
  containerResources,
  containerSecurity,
  environment,
  pausedReplicas,
  podSpec,
  temporaryFolder,
  userIds,
} from "../kubernetes/pods.ts";
import { workloadAccount } from "../kubernetes/serviceAccounts.ts";
import type { DatabaseConnection } from "../tracking/arguments.ts";
import { trackingDatabase } from "../tracking/connections.ts";
import { checkPostgresDatabase, type PostgresDatabaseArgs } from "./arguments.ts";
import { chooseDataFolder } from "./dataFolder.ts";

const { port } = services.postgres;
const { username, database, authDatabase } = trackingDatabase;
const dataFolder = "/var/lib/postgresql/data";

/**
 * Postgres inside the cluster: one pod, one claim, a generated password, and two databases, one for MLflow's runs
 * and models and one for its users. It has no replica, and no backups except those of a Backup. If your team cannot
 * lose what was logged since the last one, use Cloud SQL instead.
 */
export class PostgresDatabase extends pulumi.ComponentResource {
  /** Connection to the database; pass it to a tracking server as `database`. Its password is a secret. */
  public readonly connection: DatabaseConnection;

  constructor(name: string, args: PostgresDatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`PostgresDatabase "${name}"`, args, checkPostgresDatabase);
    super("mlops:index:PostgresDatabase", name, withSecret(args, "password"), opts);

    const child = { parent: this };
    const serviceName = args.serviceName ?? name;
    const metadata = metadataFor(services.postgres.name, serviceName, args);
    const selector = selectorLabels(services.postgres.name, serviceName);
    const login = passwordOf(name, args, metadata(), child);
    const initialisation = new k8s.core.v1.ConfigMap(
      `${name}-init`,
      {
        metadata: metadata(),
        immutable: true,
        data: { "auth-database.sql": `CREATE DATABASE ${authDatabase} OWNER ${username};\n` },
      },
      child,
    );
    const { storageSize = "8Gi", storageClassName, maxConnections = 60 } = args;
    const claim = dataClaim(
      name,
      `${serviceName}-data`,
      metadata,
      { storageSize, storageClassName },
      child,
    );
    new k8s.core.v1.Service(
      `${name}-service`,
      {
        metadata: metadata({ name: serviceName, annotations: skipAwait }),
        spec: { selector, ports: [{ name: "postgres", port, targetPort: "postgres" }] },
      },
      child,
    );
    const serviceAccountName = workloadAccount(name, serviceName, metadata, child);
    const tmp = temporaryFolder("64Mi");
    const dataMount = { name: "data", mountPath: dataFolder };
    const folder = { PGDATA: `${dataFolder}/pgdata` };
    const isReady = { exec: { command: ["pg_isready", "-h", "127.0.0.1", "-U", username, "-q"] } };
    new k8s.apps.v1.StatefulSet(
      `${name}-server`,
      {
        metadata: metadata({ name: serviceName }),
        spec: {
          serviceName,
          replicas: pausedReplicas(1, args.paused),
          selector: { matchLabels: selector },
          template: {
            metadata: { labels: metadata().labels, annotations: args.annotations },
            spec: podSpec(userIds.postgres, serviceAccountName, args, {
              initContainers: [
                {
                  name: "data-folder",
                  image: args.image,
                  command: ["sh", "-c", chooseDataFolder],
                  env: environment(folder),
                  resources: containerResources({
                    cpuRequest: "100m",
                    cpuLimit: "2",
                    memoryRequest: "32Mi",
                    memoryLimit: "64Mi",
                  }),
                  terminationMessagePolicy: "FallbackToLogsOnError",
                  securityContext: containerSecurity,
                  volumeMounts: [dataMount],
                },
              ],
              containers: [
                {
                  name: "postgres",
                  image: args.image,
                  args: ["postgres", "-c", pulumi.interpolate`max_connections=${maxConnections}`],
                  env: environment(
                    {
                      POSTGRES_USER: username,
                      POSTGRES_DB: database,
                      ...folder,
                    },
                    login.secretName,
                    { POSTGRES_PASSWORD: "password" },
                  ),
                  ports: [{ name: "postgres", containerPort: port }],
                  startupProbe: { ...isReady, periodSeconds: 1, failureThreshold: 180 },
                  readinessProbe: { ...isReady, periodSeconds: 2, timeoutSeconds: 3 },
                  livenessProbe: {
                    ...isReady,
                    periodSeconds: 10,
                    timeoutSeconds: 5,
                    failureThreshold: 6,
                  },
                  resources: containerResources(
                    {
                      cpuRequest: "100m",
                      cpuLimit: "2",
                      memoryRequest: "128Mi",
                      memoryLimit: "512Mi",
                    },
                    args.resources,
                  ),
                  securityContext: containerSecurity,
                  volumeMounts: [
                    dataMount,
                    { name: "init", mountPath: "/docker-entrypoint-initdb.d", readOnly: true },
                    { name: "run", mountPath: "/var/run/postgresql" },
                    tmp.mount,
                  ],
                },
              ],
              volumes: [
                { name: "data", persistentVolumeClaim: { claimName: claim.metadata.name } },
                { name: "init", configMap: { name: initialisation.metadata.name } },
                { name: "run", emptyDir: { sizeLimit: "16Mi" } },
                tmp.volume,
              ],
            }),
          },
        },
      },
      child,
    );

    this.connection = {
      host: internalHost(serviceName, args.namespace),
      port,
      database,
      authDatabase,
      username,
      ...login.connection,
      storageSize: pulumi.output(storageSize),
    };
    this.registerOutputs(outputsOf(this));
  }
}

/** The Secret that Postgres is initialized with, and how other components refer to it. */
function passwordOf(
  name: string,
  args: PostgresDatabaseArgs,
  metadata: k8s.types.input.meta.v1.ObjectMeta,
  child: pulumi.CustomResourceOptions,
): { secretName: pulumi.Input<string>; connection: Partial<DatabaseConnection> } {
  const { passwordSecretName } = args;
  if (passwordSecretName !== undefined) {
    return { secretName: passwordSecretName, connection: { passwordSecretName } };
  }
  const password = pulumi.secret(args.password ?? generatedPassword(`${name}-password`, child));
  const secret = new k8s.core.v1.Secret(
    `${name}-credentials`,
    { metadata, immutable: true, stringData: { password } },
    child,
  );
  return { secretName: secret.metadata.name, connection: { password } };
}
