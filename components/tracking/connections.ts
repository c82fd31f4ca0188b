import * as pulumi from "@pulumi/pulumi";
import { services } from "../core/services.ts";
import { environment } from "../kubernetes/pods.ts";
import type { DatabaseConnection } from "./arguments.ts";

/** What the databases of a tracking server and the user that owns them are called, wherever they are. */
export const trackingDatabase = {
  username: "mlflow",
  database: "mlflow",
  authDatabase: "mlflow_auth",
} as const;

/** Where the proxy of a pod listens, for this pod only. */
export const proxyAddress = { host: "127.0.0.1", port: services.postgres.port } as const;

/** SQLAlchemy URI of one database. Every part is encoded, so a password with `%@:/?#` works. A secret. */
export function sqlAlchemyUri(
  connection: DatabaseConnection,
  database: pulumi.Input<string>,
): pulumi.Output<string> {
  const { username, password } = connection;
  const { host, port } = connection.proxy === undefined ? connection : proxyAddress;
  const encoded = (value: pulumi.Input<string>) => pulumi.output(value).apply(encodeURIComponent);
  // without one, libpq takes that of `databasePassword`
  const login = password === undefined ? "" : pulumi.interpolate`:${encoded(password)}`;
  return pulumi.secret(
    pulumi.interpolate`postgresql+psycopg2://${encoded(username)}${login}@${host}:${port}/${encoded(database)}`,
  );
}

/** The variable with the password from an existing Secret, if there is one. */
export const databasePassword = ({ passwordSecretName }: DatabaseConnection) =>
  passwordSecretName === undefined
    ? []
    : environment({}, passwordSecretName, { PGPASSWORD: "password" });

/** Connections that one tracking pod may open: runs and users have a pool each, per worker process. */
export function connectionsPerPod(workers: number): number {
  return workers * 2 * (connectionPool.size + connectionPool.maxOverflow);
}

/** Connections a database must allow: all pods, one more during a rollout, and ten for migration and operators. */
export function connectionsNeeded(replicas: number, workers: number): number {
  return (replicas + 1) * connectionsPerPod(workers) + 10;
}

/** SQLAlchemy pool of each MLflow process and store. */
export const connectionPool = { size: 5, maxOverflow: 5 } as const;
