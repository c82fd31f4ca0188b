import type * as pulumi from "@pulumi/pulumi";
import {
  list,
  map,
  must,
  object,
  oneOf,
  required,
  type Rule,
  type Rules,
  string,
  text,
  whole,
} from "../core/checks.ts";
import { GpuType } from "../google/gkeMachines.ts";
import * as kube from "../kubernetes/arguments.ts";
import {
  type ModelArgs,
  modelRules,
  type TrackingClientArgs,
  trackingClientRules,
} from "../tracking/arguments.ts";

/** Graphics processors of a training pod. */
export interface TrainingGpuArgs {
  /** Type of the processor on GKE: `nvidia-l4` or `nvidia-tesla-t4`. Left out, any that the cluster has will do; Autopilot wants it named. */
  type?: GpuType;
  /** Number for each pod, 1 to 8. Defaults to 1. A pod that asks for more than a node has waits for ever. */
  count?: number;
}

/** What the training of several models may have in common. */
export interface SharedTrainingArgs extends kube.PodSettingsArgs {
  /** Command to run. Defaults to `python -m training`. */
  command?: pulumi.Input<string>[];
  /** Time zone of the schedule. Defaults to `Etc/UTC`. */
  timeZone?: pulumi.Input<string>;
  /** Number of experiments to run, 1 to 1000, one pod and one MLflow run each. Left out, one pod runs them all. */
  trials?: number;
  /** Most trials that run side by side, 1 to 1000. Defaults to 2. */
  parallelism?: number;
  /** Further environment variables of the script, kept in a Secret. They win over those of this component. */
  environment?: { [key: string]: pulumi.Input<string> };
  /** How often a failed pod is tried again, 0 to 20. Defaults to 2. */
  backoffLimit?: number;
  /** Seconds after which the Job is ended as failed, 60 to 604800 (a week). Defaults to 3600. */
  deadlineSeconds?: number;
  /** CPU and memory of each pod. Defaults to 200m and 384Mi requested, 2 cores and 2Gi at most. */
  resources?: kube.ContainerResourcesArgs;
  /** Graphics processors of each pod. Left out, it has none. */
  gpu?: TrainingGpuArgs;
}

/** What people choose about the training of one model. */
export interface TrainingSettingsArgs extends SharedTrainingArgs {
  /** Cron schedule such as `0 3 * * *`, or one of `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly`. Left out, nothing is trained by schedule. */
  schedule?: string;
}

/** Arguments of TrainingJob. With a `schedule` it is a CronJob; without one it runs once, when it is made or changed. */
export interface TrainingJobArgs
  extends
    TrainingSettingsArgs,
    ModelArgs,
    TrackingClientArgs,
    kube.NamespacedArgs,
    kube.PausableArgs {
  /** Image with the training script: the model server's, so that what is trained can be served. A new image runs the Job again. */
  image: pulumi.Input<string>;
  /** Experiment that holds the runs. It is made when missing. */
  experimentName: pulumi.Input<string>;
  /** Kubernetes ServiceAccount of the pods. Defaults to one of its own, with the component's name. */
  serviceAccountName?: pulumi.Input<string>;
}

const sharedTrainingRules: Rules<SharedTrainingArgs> = {
  ...kube.podSettingsRules,
  command: list(string),
  timeZone: text,
  trials: whole(1, 1000),
  parallelism: whole(1, 1000),
  environment: map(string),
  backoffLimit: whole(0, 20),
  deadlineSeconds: whole(60, 604800),
  resources: kube.resourcesRule,
  gpu: object<TrainingGpuArgs>({ type: oneOf(GpuType), count: whole(1, 8) }),
};

export const checkSharedTraining: Rule = object(sharedTrainingRules);

export const trainingSettingsRules: Rules<TrainingSettingsArgs> = {
  ...sharedTrainingRules,
  schedule: must(
    "be five cron fields such as `0 3 * * *`, or a word such as @daily",
    (schedule) =>
      typeof schedule === "string" &&
      (/^@(yearly|monthly|weekly|daily|hourly)$/.test(schedule) ||
        schedule.trim().split(/\s+/).length === 5),
  ),
};

export const checkTrainingJob: Rule = object<TrainingJobArgs>({
  ...trainingSettingsRules,
  ...modelRules,
  ...trackingClientRules,
  ...kube.namespacedRules,
  ...kube.pausableRules,
  image: required(text),
  experimentName: required(text),
  serviceAccountName: text,
});
