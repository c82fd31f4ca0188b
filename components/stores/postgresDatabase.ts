import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkWhole } from "../core/checks.ts";
import { withSecret } from "../core/confidential.ts";
import { generatedPassword } from "../core/passwords.ts";
import { checkedStorageSize, dataClaim } from "../kubernetes/claims.ts";
import { internalHost } from "../kubernetes/endpoints.ts";
import { metadataFor, selectorLabels, skipAwait } from "../kubernetes/metadata.ts";
import { pausedReplicas } from "../kubernetes/pauses.ts";
import {
  containerResources,
  containerSecurity,
  environment,
  podDefaults,
  temporaryFolder,
  userIds,
} from "../kubernetes/pods.ts";
import { workloadAccount } from "../kubernetes/serviceAccounts.ts";
import { trackingDatabase } from "../tracking/connections.ts";
import type { PostgresDatabaseArgs } from "./arguments.ts";

const port = 5432;
const { username, database, authDatabase } = trackingDatabase;
const dataFolder = "/var/lib/postgresql/data";

/**
 * Postgres inside the cluster: one pod, one claim, a generated password, and two databases, one for MLflow's runs
 * and models and one for its users. For a team that must not lose data use Cloud SQL instead: this one has no
 * replica and no backup.
 */
export class PostgresDatabase extends pulumi.ComponentResource {
  /** Host name inside the cluster. */
  public readonly host: pulumi.Output<string>;
  /** TCP port. */
  public readonly port: pulumi.Output<number>;
  /** Database for runs and models. */
  public readonly database: pulumi.Output<string>;
  /** Database for MLflow's users and permissions. */
  public readonly authDatabase: pulumi.Output<string>;
  /** User that owns both databases. */
  public readonly username: pulumi.Output<string>;
  /** Password of that user, a secret. */
  public readonly password: pulumi.Output<string>;

  constructor(name: string, args: PostgresDatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
    const subject = `PostgresDatabase "${name}"`;
    const storageSize = checkedStorageSize(subject, args, "8Gi");
    const maxConnections = checkWhole(
      subject,
      "maxConnections",
      args.maxConnections ?? 60,
      10,
      1000,
    );
    super("mlops:index:PostgresDatabase", name, withSecret(args, "password"), opts);

    const child = { parent: this };
    const serviceName = args.serviceName ?? name;
    const metadata = metadataFor("postgres", serviceName, args);
    const selector = selectorLabels("postgres", serviceName);
    const password = pulumi.secret(args.password ?? generatedPassword(`${name}-password`, child));
    const credentials = new k8s.core.v1.Secret(
      `${name}-credentials`,
      { metadata: metadata(), immutable: true, stringData: { password } },
      child,
    );
    const initialisation = new k8s.core.v1.ConfigMap(
      `${name}-init`,
      {
        metadata: metadata(),
        immutable: true,
        data: { "auth-database.sql": `CREATE DATABASE ${authDatabase} OWNER ${username};\n` },
      },
      child,
    );
    const { storageClassName } = args;
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
            spec: {
              ...podDefaults(userIds.postgres, serviceAccountName),
              containers: [
                {
                  name: "postgres",
                  image: args.image,
                  args: ["postgres", "-c", pulumi.interpolate`max_connections=${maxConnections}`],
                  env: environment(
                    {
                      POSTGRES_USER: username,
                      POSTGRES_DB: database,
                      PGDATA: `${dataFolder}/pgdata`,
                    },
                    credentials.metadata.name,
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
                    { name: "data", mountPath: dataFolder },
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
            },
          },
        },
      },
      child,
    );

    this.host = internalHost(serviceName, args.namespace);
    this.port = pulumi.output(port);
    this.database = pulumi.output(database);
    this.authDatabase = pulumi.output(authDatabase);
    this.username = pulumi.output(username);
    this.password = password;
    this.registerOutputs({
      host: this.host,
      port: this.port,
      database: this.database,
      authDatabase: this.authDatabase,
      username: this.username,
      password: this.password,
    });
  }
}
