import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { StringMap } from "../kubernetes/arguments.ts";
import { environment } from "../kubernetes/pods.ts";
import type { TrackingClientArgs } from "./arguments.ts";

/**
 * Keeps a workload's login to MLflow in a Secret. What it returns makes the workload's environment: MLflow's own
 * variables, the login by reference, and the given ones.
 */
export function trackingClient(
  name: string,
  args: TrackingClientArgs,
  metadata: k8s.types.input.meta.v1.ObjectMeta,
  child: pulumi.CustomResourceOptions,
) {
  const credentials = new k8s.core.v1.Secret(
    `${name}-tracking-credentials`,
    {
      metadata,
      immutable: true,
      stringData: {
        username: args.trackingUsername,
        password: pulumi.secret(args.trackingPassword),
      },
    },
    child,
  );
  return (values: StringMap) =>
    environment({ MLFLOW_TRACKING_URI: args.trackingUri, ...values }, credentials.metadata.name, {
      MLFLOW_TRACKING_USERNAME: "username",
      MLFLOW_TRACKING_PASSWORD: "password",
    });
}
