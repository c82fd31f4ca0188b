import * as pulumi from "@pulumi/pulumi";
import {
  type ArtifactLocation,
  BucketArtifactStore,
  BucketRole,
  CloudSqlDatabase,
  connectionsNeeded,
  type DatabaseConnection,
  ServiceAccountKey,
  services,
  WorkloadIdentity,
} from "../components/index.ts";
import { settingArguments } from "./settingArguments.ts";
import {
  CloudSqlAddress,
  DataStoreTarget,
  GoogleIdentity,
  type PlatformConfig,
} from "./settings.ts";
import { googleIdentityOf } from "./contradictions.ts";
import type { Cluster } from "./cluster.ts";
import { accountId, type GoogleCloud } from "./google.ts";

/** The stores of MLflow, and its access to them; those that are absent are created in the cluster. */
export interface DataStores {
  readonly database?: DatabaseConnection;
  readonly artifacts?: ArtifactLocation;
  /** Key of a service account; not needed where the cluster vouches for the pod. */
  readonly googleCredentials?: pulumi.Output<string>;
}

const identityName = "mlops-tracking-identity";

/** Cloud SQL and a bucket, or nothing where MLflow's data is kept in the cluster. */
export const dataStores = (
  config: PlatformConfig,
  google: GoogleCloud | undefined,
  cluster: Cluster,
): DataStores =>
  google && config.dataStores === DataStoreTarget.Gcp
    ? googleDataStores(config, google, cluster)
    : {};

/** Cloud SQL and a bucket, and an identity for MLflow that may use exactly these two. */
function googleDataStores(
  config: PlatformConfig,
  google: GoogleCloud,
  cluster: Cluster,
): DataStores {
  const { project, region, options } = google;
  const { protectData, paused } = config;
  const given = settingArguments(config);
  const isPublic = config.cloudSqlAddress === CloudSqlAddress.Public;
  const bucket = new BucketArtifactStore(
    "mlops-bucket",
    { ...given.bucket, project, location: region, protectData },
    options,
  );
  const [key, setKey] = pulumi.deferredOutput<pulumi.Resource[]>();
  const sql = new CloudSqlDatabase(
    "mlops-cloud-sql",
    {
      ...given.cloudSql,
      project,
      region,
      privateNetworkId: isPublic ? undefined : cluster.privateNetworkId,
      maxConnections: connectionsNeeded(config.trackingReplicas, config.trackingWorkers),
      protectData,
      paused,
    },
    { ...options, transformations: [...options.transformations, instanceAfter(key)] },
  );
  const stores = {
    project,
    bucketName: bucket.bucketName,
    bucketRole: BucketRole.ObjectUser,
    instanceName: sql.instanceName,
  };
  const identity =
    googleIdentityOf(config) === GoogleIdentity.Key
      ? new ServiceAccountKey(
          identityName,
          { ...stores, accountId: accountId("tracking") },
          options,
        )
      : new WorkloadIdentity(
          identityName,
          {
            ...stores,
            projectNumber: pulumi.interpolate`${bucket.projectNumber}`,
            // a cluster's pool is created with the cluster: nothing can be bound before
            workloadPool: cluster.workloadPool ?? `${project}.svc.id.goog`,
            namespace: config.namespace,
            serviceAccountName: services.tracking.name,
          },
          options,
        );
  const credentials = identity instanceof ServiceAccountKey ? identity.credentials : undefined;
  setKey(pulumi.output(credentials).apply(() => []));
  const { proxy } = sql.connection;
  return {
    database: {
      ...sql.connection,
      // known once the roles are bound: MLflow starts when it may reach its stores
      proxy: proxy && {
        ...proxy,
        instance: pulumi.all([proxy.instance, identity.member]).apply(([instance]) => instance),
      },
    },
    artifacts: bucket.location,
    googleCredentials: credentials,
  };
}

/**
 * Lets the instance, not its name, wait for a key: an organization that forbids keys refuses one within seconds, and
 * would otherwise do so next to an instance that takes minutes and costs money.
 */
const instanceAfter =
  (key: pulumi.Output<pulumi.Resource[]>): pulumi.ResourceTransformation =>
  ({ type, props, opts }) =>
    type === "gcp:sql/databaseInstance:DatabaseInstance"
      ? { props, opts: { ...opts, dependsOn: key } }
      : undefined;
