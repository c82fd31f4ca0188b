import type * as pulumi from "@pulumi/pulumi";
import { checkWhole, ensure, isHostName, isNodePort, refuse } from "../core/checks.ts";
import { versions } from "../core/versions.ts";
import type { ContainerResourcesArgs } from "../kubernetes/arguments.ts";
import { checkCredentials } from "./googleCredentials.ts";

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

/** Where a tracking server keeps artifacts: a VolumeArtifactStore's outputs, or a bucket. */
export interface ArtifactLocationArgs {
  /** Folder or bucket URI, such as `/mlflow/artifacts` or `gs://bucket/path`. */
  uri: pulumi.Input<string>;
  /** Claim to mount at the folder, in the tracking server's namespace. Leave out for a bucket. */
  claimName?: pulumi.Input<string>;
}

/** What an MLflow user may do. */
export const TrackingPermission = {
  /** Read every experiment, run, model and artifact. */
  Read: "read",
  /** Read, and create or change experiments, runs, models and aliases. */
  Write: "write",
} as const;

export type TrackingPermission = (typeof TrackingPermission)[keyof typeof TrackingPermission];

/** An MLflow user for one workload. */
export interface TrackingUserArgs {
  /** Name of the user. */
  username: pulumi.Input<string>;
  /** Password of the user, 12 characters at least. */
  password: pulumi.Input<string>;
  /** What the user may do: `read` or `write`. */
  permission: TrackingPermission;
}

/** Where a workload finds MLflow, and who it is there. */
export interface TrackingClientArgs {
  trackingUri: pulumi.Input<string>;
  trackingUsername: pulumi.Input<string>;
  trackingPassword: pulumi.Input<string>;
}

/** Arguments of TrackingServer. */
export interface TrackingServerArgs {
  /** Namespace that holds every object of the server. */
  namespace: pulumi.Input<string>;
  /** Name of the Service, by which clients find it, and of the objects behind it. Defaults to the component's name. Changing it replaces them. */
  serviceName?: string;
  /** Image built from `apps/tracking`. */
  image: pulumi.Input<string>;
  /** MLflow version inside the image. Defaults to the version this package was made with. A change stops every pod, migrates the database and starts the new version; there is no way back without restoring the database. */
  mlflowVersion?: string;
  /** Database for runs, models and users. */
  database: DatabaseConnectionArgs;
  /** Where artifacts are kept. Clients never see it: they upload and download through the server. */
  artifacts: ArtifactLocationArgs;
  /** Key of a Google service account, as JSON, that the server and the database's proxy use. Needed only where the cluster gives its workloads no Google identity; kept secret. */
  googleCredentials?: pulumi.Input<string>;
  /** Users besides the administrator, one per workload. Defaults to none. */
  users?: TrackingUserArgs[];
  /** Number of pods, 1 to 20. Defaults to 1, the most that a ReadWriteOnce volume allows. */
  replicas?: number;
  /** Worker processes per pod, 1 to 16. Defaults to 1; each takes about 200 MiB. */
  workers?: number;
  /** Port on every node, 30000 to 32767. Left out, the server is reachable inside the cluster only. */
  nodePort?: number;
  /** Address by which people reach a node. Defaults to `localhost`. Used for the external URL and allowed as host. */
  nodeAddress?: pulumi.Input<string>;
  /** Further host names by which people reach the server, such as an ingress's. Defaults to none. */
  hostNames?: string[];
  /** Size of `/tmp`. Defaults to `2Gi`. With artifacts in a bucket it must hold every file that is being uploaded or downloaded, whole and at the same time; a pod that writes more is evicted. Artifacts on a volume do not pass through it. */
  temporaryStorage?: pulumi.Input<string>;
  /** CPU and memory. Defaults to 200m and 512Mi requested, 2 cores and 1536Mi at most. */
  resources?: ContainerResourcesArgs;
  /** Further environment variables of the server, kept in a Secret. They win over those of this component. */
  environment?: { [key: string]: pulumi.Input<string> };
  /** Whether no pod runs, nor a migration. Defaults to false. Data and addresses are kept. */
  paused?: boolean;
  /** Labels added to every object. */
  labels?: { [key: string]: pulumi.Input<string> };
  /** Annotations added to every object. */
  annotations?: { [key: string]: pulumi.Input<string> };
}

/** Refuses what could not work, before anything is registered. */
export function checkTrackingArguments(subject: string, args: TrackingServerArgs): void {
  const { replicas, workers, nodePort } = args;
  const { database, authDatabase } = args.database;
  checkWhole(subject, "replicas", replicas ?? 1, 1, 20);
  checkWhole(subject, "workers", workers ?? 1, 1, 16);
  ensure(subject, "nodePort", nodePort ?? 30000, isNodePort, "be between 30000 and 32767");
  ensure(
    subject,
    "mlflowVersion",
    args.mlflowVersion ?? versions.mlflow,
    (version) => /^[0-9]+(\.[0-9]+){2}$/.test(version),
    "be an exact version such as 3.18.0",
  );
  for (const [index, user] of (args.users ?? []).entries()) {
    ensure(
      subject,
      `users[${index}].password`,
      user.password,
      (password) => password.length >= 12,
      "have 12 characters at least; MLflow refuses a shorter one",
    );
  }
  refuse(
    subject,
    (replicas ?? 1) > 1 && args.artifacts.claimName !== undefined,
    "replicas must be 1 while artifacts are on a ReadWriteOnce volume; use a bucket or set replicas to 1",
  );
  refuse(
    subject,
    typeof database === "string" && database === authDatabase,
    "database.authDatabase must differ from database.database; give users a database of their own",
  );
  checkCredentials(subject, args.googleCredentials);
  ensure(
    subject,
    "database.proxy.instance",
    args.database.proxy?.instance ?? "project:region:instance",
    (instance) => /^[^:\s]+(:[^:\s]+){2,3}$/.test(instance),
    "be an instance's connection name: project:region:instance",
  );
  // a wildcard among the allowed hosts would let any web page talk to the server
  const hostName = "be a host name or an address, without scheme, port or wildcard";
  ensure(subject, "nodeAddress", args.nodeAddress ?? "localhost", isHostName, hostName);
  for (const [index, name] of (args.hostNames ?? []).entries()) {
    ensure(subject, `hostNames[${index}]`, name, isHostName, hostName);
  }
}
