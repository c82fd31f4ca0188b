import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkWhole } from "../core/checks.ts";
import { checkedStorageSize, dataClaim } from "../kubernetes/claims.ts";
import { withSecret } from "../core/confidential.ts";
import { trackingDatabase } from "../tracking/connections.ts";
import { internalHost } from "../kubernetes/endpoints.ts";
import { metadataFor, selectorLabels, skipAwait } from "../kubernetes/metadata.ts";
import { generatedPassword } from "../core/passwords.ts";
import { pausedReplicas } from "../kubernetes/pauses.ts";
import {
  type ContainerResourcesArgs,
  containerResources,
  containerSecurity,
  environment,
  podDefaults,
  temporaryFolder,
  userIds,
} from "../kubernetes/pods.ts";
import { workloadAccount } from "../kubernetes/serviceAccounts.ts";

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
