import type * as pulumi from "@pulumi/pulumi";
import {
  map,
  matches,
  object,
  quantity,
  required,
  type Rule,
  type Rules,
  string,
  text,
  whole,
} from "../core/checks.ts";
import * as kube from "../kubernetes/arguments.ts";
import {
  type TrackingClientArgs,
  trackingClientRules,
  trackingLogin,
} from "../tracking/arguments.ts";
import { gpuRule, type TrainingGpu } from "../training/arguments.ts";

/** Arguments of RayCluster. */
export interface RayClusterArgs
  extends kube.PodSettings, kube.NamespacedArgs, kube.PausableArgs, TrackingClientArgs {
  /** Image of the head and workers: Ray's, with `mlflow` and the training code. */
  image: pulumi.Input<string>;
  /** Version of Ray in the image, such as `2.52.0`. */
  rayVersion: string;
  /** Number of worker pods, 0 to 1000. Defaults to 1. Without any, the head does their work. */
  workers?: number;
  /** CPU and memory of each worker. Defaults to requests of 1 core and 2Gi, and limits of 2 cores and 4Gi. */
  workerResources?: kube.ContainerResources;
  /** GPUs of each worker. Defaults to none. */
  gpu?: TrainingGpu;
  /** CPU and memory of the head. Defaults to requests of 1 core and 2Gi, and limits of 2 cores and 4Gi. */
  headResources?: kube.ContainerResources;
  /** Size limit of each pod's `/tmp`, where Ray keeps its logs and spills what does not fit in memory. Defaults to `10Gi`. */
  storageSize?: pulumi.Input<string>;
  /** Additional environment variables of all pods, kept in a Secret. They override the component's own. */
  environment?: { [key: string]: pulumi.Input<string> };
  /** Kubernetes ServiceAccount of the pods. Defaults to a dedicated one with the component's name. */
  serviceAccountName?: pulumi.Input<string>;
}

/** Arguments of RayJob. A change of any runs it again, on a new cluster. */
export interface RayJobArgs extends RayClusterArgs {
  /** Command that the head runs, such as `python /app/train.py`. */
  entrypoint: pulumi.Input<string>;
  /** Number of retries, each on a new cluster, 0 to 20. Defaults to 0. */
  backoffLimit?: number;
  /** Seconds after which the job fails, 60 to 604800 (a week). Defaults to 3600. */
  deadlineSeconds?: number;
}

const rayClusterRules: Rules<RayClusterArgs> = {
  ...kube.podSettingsRules,
  ...kube.namespacedRules,
  ...kube.pausableRules,
  ...trackingClientRules,
  image: required(text),
  rayVersion: required(matches(/^\d+\.\d+\.\d+$/, "be a version such as 2.52.0")),
  workers: whole(0, 1000),
  workerResources: kube.resourcesRule,
  gpu: gpuRule,
  headResources: kube.resourcesRule,
  storageSize: quantity("10Gi"),
  environment: map(string),
  serviceAccountName: text,
};

export const checkRayCluster: Rule = object<RayClusterArgs>(rayClusterRules, trackingLogin);

export const checkRayJob: Rule = object<RayJobArgs>(
  {
    ...rayClusterRules,
    entrypoint: required(text),
    backoffLimit: whole(0, 20),
    deadlineSeconds: whole(60, 604800),
  },
  trackingLogin,
);
