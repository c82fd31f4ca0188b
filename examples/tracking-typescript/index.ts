import * as mlops from "@mlops-platform/mlops";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

const images = new pulumi.Config().requireObject<{ postgres: string; tracking: string }>("images");
const namespace = new k8s.core.v1.Namespace("ml", { metadata: { name: "ml" } }).metadata.name;

const database = new mlops.PostgresDatabase("postgres", { namespace, image: images.postgres });
const artifacts = new mlops.VolumeArtifactStore("artifacts", { namespace });
const { result: password } = new random.RandomPassword("alice", { length: 32 });
const mlflow = new mlops.TrackingServer("mlflow", {
  namespace,
  image: images.tracking,
  database: database.connection,
  artifacts: artifacts.location,
  users: [{ username: "alice", password, permission: mlops.TrackingPermission.Write }],
});

export const trackingUri = mlflow.internalUrl;
export const alicePassword = password;
