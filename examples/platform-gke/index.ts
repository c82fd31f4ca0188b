import * as mlops from "@mlops-platform/mlops";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();
const project = config.require("project");
const region = "europe-west1";

const network = new mlops.PrivateNetwork("vpc", { project, region, privateServices: true });
const { networkId, subnetworkId, podRangeName, serviceRangeName } = network;
const ranges = { networkId, subnetworkId, podRangeName, serviceRangeName };
const gke = new mlops.GkeCluster("gke", { project, location: `${region}-b`, ...ranges });
const privateNetworkId = network.privateServicesNetworkId;
const sql = new mlops.CloudSqlDatabase("sql", { project, region, privateNetworkId });
const bucket = new mlops.BucketArtifactStore("artifacts", { project, location: region });
const identity = new mlops.WorkloadIdentity("identity", {
  project,
  projectNumber: pulumi.interpolate`${bucket.projectNumber}`,
  workloadPool: gke.workloadPool,
  namespace: "mlops",
  serviceAccountName: "mlflow",
  bucketName: bucket.bucketName,
  bucketRole: mlops.BucketRole.ObjectUser,
  instanceName: sql.instanceName,
});

const provider = new k8s.Provider("gke", {
  kubeconfig: gke.kubeconfig,
  clusterIdentifier: gke.clusterName,
});
const platform = new mlops.MlopsPlatform(
  "mlops",
  {
    images: config.requireObject<mlops.PlatformImages>("images"),
    models: [{ name: "churn", image: config.require("servingImage") }],
    database: sql.connection,
    artifacts: bucket.location,
  },
  { provider, dependsOn: identity },
);

export const { mlflowTrackingUri, predictionAppUrl } = platform;
export const monthlyCostUsd = pulumi
  .all([network.monthlyCostUsd, gke.monthlyCostUsd, sql.monthlyCostUsd, bucket.monthlyCostUsd])
  .apply((costs) => costs.reduce((sum, cost) => sum + cost));
