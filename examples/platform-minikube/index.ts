import { MlopsPlatform, type PlatformImages } from "@mlops-platform/mlops";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();
const context = "minikube";
const provider = new k8s.Provider("minikube", { context, clusterIdentifier: context });

const platform = new MlopsPlatform(
  "mlops",
  {
    images: config.requireObject<PlatformImages>("images"),
    models: [{ name: "churn", image: config.require("servingImage"), nodePort: 31345 }],
    tracking: { nodePort: 30001 },
    prediction: { nodePort: 31344 },
    monitoring: { grafana: { nodePort: 31343 } },
  },
  { provider },
);

export const { mlflowTrackingUri, predictionAppUrl, grafanaUrl, notebookEnv } = platform;
