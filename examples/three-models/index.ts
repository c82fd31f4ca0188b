import { MlopsPlatform, type PlatformImages } from "@mlops-platform/mlops";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();
const image = config.require("servingImage"); // scikit-learn, XGBoost, LightGBM
const context = config.require("context");
const provider = new k8s.Provider("cluster", { context, clusterIdentifier: context });

const platform = new MlopsPlatform(
  "mlops",
  {
    images: config.requireObject<PlatformImages>("images"),
    serving: { resources: { memoryLimit: "1Gi" } }, // for every model that says nothing else
    models: [
      { name: "churn", image, owner: "growth@example.com" },
      { name: "fraud", image, replicas: 3, resources: { memoryLimit: "2Gi" } },
      { name: "pricing", image, alias: "stable", page: false },
    ],
  },
  { provider },
);

export const models = platform.models; // the addresses of each
