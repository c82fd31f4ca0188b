import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { MlopsPlatform, NetworkFlows, PostgresDatabase } from "../../../components/index.ts";

/*
 * The platform as on Google Cloud: artifacts in a bucket, the database behind the Auth Proxy, a service account's key.
 * Google's part is played by pods in their own namespace.
 */

const config = new pulumi.Config();
const image = (name: string) => config.require(`${name}Image`);
const bucket = "mlops-artifacts";
const bucketUrl = "http://bucket.stores.svc.cluster.local:4443";

const opts = { provider: new k8s.Provider("cluster", {}) };
const stores = new k8s.core.v1.Namespace("stores", { metadata: { name: "stores" } }, opts);
const namespace = stores.metadata.name;

/** Opens pods on the node, for the test to look behind the platform's back. */
const opened = (name: string, selector: Record<string, string>, port: number, nodePort: number) =>
  new k8s.core.v1.Service(
    `${name}-opened`,
    {
      metadata: { name: `${name}-opened`, namespace },
      spec: { type: "NodePort", selector, ports: [{ port, nodePort }] },
    },
    opts,
  );

const labels = { app: "bucket" };
new k8s.apps.v1.Deployment(
  "bucket",
  {
    metadata: { name: "bucket", namespace },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: "bucket",
              image: image("bucket"),
              args: [`-bucket=${bucket}`, `-url=${bucketUrl}`],
              readinessProbe: {
                httpGet: { path: `/storage/v1/b/${bucket}`, port: 4443 },
                periodSeconds: 1,
              },
            },
          ],
        },
      },
    },
  },
  opts,
);
new k8s.core.v1.Service(
  "bucket-service",
  {
    metadata: { name: "bucket", namespace },
    spec: { selector: labels, ports: [{ port: 4443 }] },
  },
  opts,
);
opened("bucket", labels, 4443, 31443);

const postgres = new PostgresDatabase(
  "postgres",
  { namespace, image: image("postgres"), storageSize: "1Gi" },
  opts,
);
opened("postgres", { "app.kubernetes.io/name": "postgres" }, 5432, 31432);

const platform = new MlopsPlatform(
  "mlops",
  {
    images: { tracking: image("tracking"), predict: image("predict") },
    database: {
      ...postgres.connection,
      // nothing listens there but the proxy in the pod
      host: "127.0.0.1",
      address: postgres.connection.host,
      proxy: { instance: "stores:local:postgres", image: image("proxy") },
    },
    artifacts: { uri: `gs://${bucket}/artifacts` },
    googleCredentials: JSON.stringify({ type: "service_account" }),
    models: [
      {
        name: "diabetes-progression",
        image: image("serving"),
        experimentName: config.get("experiment"),
        // its fewest pods are more than a Deployment has by itself: the autoscaler has to change their number
        autoscaling: { minReplicas: 2, maxReplicas: 3 },
        nodePort: 31345,
        training: {},
      },
    ],
    tracking: { environment: { STORAGE_EMULATOR_HOST: bucketUrl }, nodePort: 30001 },
    prediction: { replicas: 1, nodePort: 31344 },
    nodeAddress: "127.0.0.1",
    monitoring: { enabled: false },
    paused: config.getBoolean("paused"),
  },
  opts,
);

// the stand-ins answer on other ports than Google's services do
new NetworkFlows(
  "stand-ins",
  {
    namespace: platform.namespace,
    flows: [5432, 4443].map((port) => ({ from: "mlflow", port })),
  },
  opts,
);

export const {
  mlflowTrackingUri,
  modelServingUrl,
  artifactUri,
  databaseHost,
  mlflowAdminPassword,
  notebookEnv,
} = platform;
export const databasePassword = postgres.connection.password;
