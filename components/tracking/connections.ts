import * as pulumi from "@pulumi/pulumi";

/** The Cloud SQL Auth Proxy, through which a Cloud SQL instance is reached without an open port or a certificate. */
export interface DatabaseProxyArgs {
  /** Connection name of the instance: `project:region:instance`. */
  instance: pulumi.Input<string>;
  /** Whether the instance is reached by its private address. Defaults to true; false for a cluster outside the instance's network. */
  privateAddress?: pulumi.Input<boolean>;
  /** Image of the proxy. Defaults to Google's, at the version that this was tried with. */
  image?: pulumi.Input<string>;
}

/** A Postgres database that a tracking server uses: a PostgresDatabase's outputs, or any other's. */
export interface DatabaseConnectionArgs {
  /** Host name or address. Not used with `proxy`, which listens on the pod's own 127.0.0.1. */
  host: pulumi.Input<string>;
  /** TCP port. Not used with `proxy`. */
  port: pulumi.Input<number>;
  /** Address by which people know the database. Defaults to `host`. Nothing connects to it. */
  address?: pulumi.Input<string>;
  /** Database for runs and models. */
  database: pulumi.Input<string>;
  /** Database for MLflow's users and permissions. It must differ from `database`. */
  authDatabase: pulumi.Input<string>;
  /** User that owns both databases. */
  username: pulumi.Input<string>;
  /** Password of that user. Any character is allowed. */
  password: pulumi.Input<string>;
  /** Cloud SQL Auth Proxy that runs beside each container which uses the database. Defaults to none: `host` is called itself. */
  proxy?: DatabaseProxyArgs;
}

/** What the databases of a tracking server and the user that owns them are called, wherever they are. */
export const trackingDatabase = {
  username: "mlflow",
  database: "mlflow",
  authDatabase: "mlflow_auth",
} as const;

/** Where the proxy of a pod listens, for the pod alone. */
export const proxyAddress = { host: "127.0.0.1", port: 5432 } as const;

/** Where a tracking server keeps artifacts: a VolumeArtifactStore's outputs, or a bucket. */
export interface ArtifactLocationArgs {
  /** Folder or bucket URI, such as `/mlflow/artifacts` or `gs://bucket/path`. */
  uri: pulumi.Input<string>;
  /** Claim to mount at the folder, in the tracking server's namespace. Leave out for a bucket. */
  claimName?: pulumi.Input<string>;
}

/** SQLAlchemy URI of one database. Every part is encoded, so a password with `%@:/?#` works. A secret. */
export function sqlAlchemyUri(
  connection: DatabaseConnectionArgs,
  database: pulumi.Input<string>,
): pulumi.Output<string> {
  const { username, password } = connection;
  const { host, port } = connection.proxy === undefined ? connection : proxyAddress;
  return pulumi.secret(
    pulumi
      .all([host, port, database, username, password])
      .apply(
        ([hostName, tcpPort, name, user, secret]) =>
          `postgresql+psycopg2://${encodeURIComponent(user)}:${encodeURIComponent(secret)}` +
          `@${hostName}:${tcpPort}/${encodeURIComponent(name)}`,
      ),
  );
}

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
