import { TrackingPermission, TrackingServer } from "@mlops-platform/mlops";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

const config = new pulumi.Config();
const { result: password } = new random.RandomPassword("notebooks", { length: 32 });

const mlflow = new TrackingServer("mlflow", {
  namespace: "ml",
  image: config.require("trackingImage"),
  database: {
    host: "postgres.example.com",
    port: 5432,
    database: "mlflow",
    authDatabase: "mlflow_auth",
    username: "mlflow",
    password: config.requireSecret("databasePassword"),
  },
  artifacts: { uri: "gs://my-bucket/mlflow" },
  googleCredentials: config.requireSecret("googleKey"), // leave out on GKE with Workload Identity
  users: [{ username: "notebooks", password, permission: TrackingPermission.Write }],
});

export const trackingUri = mlflow.internalUrl;
