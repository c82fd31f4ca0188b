import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { StringMap } from "../kubernetes/arguments.ts";
import { environment } from "../kubernetes/pods.ts";
import type { TrackingClientArgs } from "./arguments.ts";

/**
 * Keeps a workload's login to MLflow in a Secret, unless there is one. What it returns makes the workload's environment: MLflow's own
 * variables, the login by reference, and the given ones.
 */
export function trackingClient(
  name: string,
  args: TrackingClientArgs,
  metadata: k8s.types.input.meta.v1.ObjectMeta,
  child: pulumi.CustomResourceOptions,
) {
  const { trackingUsername = "", trackingPassword = "" } = args;
  const secretName =
    args.trackingSecretName ??
    new k8s.core.v1.Secret(
      `${name}-tracking-credentials`,
      {
        metadata,
        immutable: true,
        stringData: { username: trackingUsername, password: pulumi.secret(trackingPassword) },
      },
      child,
    ).metadata.name;
  return (values: StringMap) =>
    environment({ MLFLOW_TRACKING_URI: args.trackingUri, ...values }, secretName, {
      MLFLOW_TRACKING_USERNAME: "username",
      MLFLOW_TRACKING_PASSWORD: "password",
    });
}
