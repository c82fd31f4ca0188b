import type * as pulumi from "@pulumi/pulumi";
import { checkWhole } from "../core/checks.ts";
import { checkOneOf } from "../core/closedSets.ts";
import { GpuType } from "../google/gkeMachines.ts";
import type { ContainerResourcesArgs } from "../kubernetes/arguments.ts";

/** Graphics processors of a training pod. */
export interface TrainingGpuArgs {
  /** Type of the processor on GKE: `nvidia-l4` or `nvidia-tesla-t4`. Left out, any that the cluster has will do; Autopilot wants it named. */
  type?: GpuType;
  /** Number for each pod, 1 to 8. Defaults to 1. A pod that asks for more than a node has waits for ever. */
  count?: number;
}

export function checkTrainingGpu(
  subject: string,
  gpu: TrainingGpuArgs | undefined,
  argument = "gpu",
): void {
  if (gpu === undefined) return;
  checkOneOf(subject, `${argument}.type`, gpu.type, GpuType);
  checkWhole(subject, `${argument}.count`, gpu.count ?? 1, 1, 8);
}

/** Arguments of TrainingJob. */
export interface TrainingJobArgs {
  /** Namespace that holds the Job. */
  namespace: pulumi.Input<string>;
  /** Image with the training script: the model server's, so that what is trained can be served. A new image runs the Job anew. */
  image: pulumi.Input<string>;
  /** Command to run. Defaults to `python -m training`. */
  command?: pulumi.Input<string>[];
  /** URL of the MLflow server inside the cluster. */
  trackingUri: pulumi.Input<string>;
  /** MLflow user that may write runs and models. */
  trackingUsername: pulumi.Input<string>;
  /** Password of that user. */
  trackingPassword: pulumi.Input<string>;
  /** Experiment that holds the runs. It is made when missing. */
  experimentName: pulumi.Input<string>;
  /** Registered model that the best run becomes a version of. */
  modelName: pulumi.Input<string>;
  /** Alias that moves to the new version if its metric beats the present holder's. Defaults to `champion`. */
  modelAlias?: pulumi.Input<string>;
  /** Cron schedule such as `0 3 * * *`. Left out, the Job runs once, when it is made or changed. */
  schedule?: string;
  /** Time zone of the schedule. Defaults to `Etc/UTC`. */
  timeZone?: pulumi.Input<string>;
  /** Number of experiments to run, 1 to 1000, one pod and one MLflow run each. Left out, one pod runs them all. */
  trials?: number;
  /** Most trials that run side by side. Defaults to 2. */
  parallelism?: number;
  /** Kubernetes ServiceAccount of the pods. Defaults to one of its own, with the component's name. */
  serviceAccountName?: pulumi.Input<string>;
  /** Whether nothing is started. Defaults to false. A Job that is under way is stopped and begins again afterwards; one that has ended is not run again. */
  paused?: boolean;
  /** Further environment variables of the script, kept in a Secret. They win over those of this component. */
  environment?: { [key: string]: pulumi.Input<string> };
  /** How often a failed pod is tried again, 0 to 20. Defaults to 2. */
  backoffLimit?: number;
  /** Seconds after which the Job is ended as failed, 60 or more. Defaults to 3600. */
  deadlineSeconds?: number;
  /** CPU and memory of each pod. Defaults to 200m and 384Mi requested, 2 cores and 2Gi at most. */
  resources?: ContainerResourcesArgs;
  /** Graphics processors of each pod. Left out, it has none. */
  gpu?: TrainingGpuArgs;
  /** Labels added to every object. */
  labels?: { [key: string]: pulumi.Input<string> };
  /** Annotations added to every object. */
  annotations?: { [key: string]: pulumi.Input<string> };
}
