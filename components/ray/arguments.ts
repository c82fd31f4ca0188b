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
  /** Image of head and workers: Ray's, with `mlflow` and the code of the training. */
  image: pulumi.Input<string>;
  /** Version of Ray in the image, such as `2.52.0`. */
  rayVersion: string;
  /** Number of worker pods, 0 to 1000. Defaults to 1. Without any, the head does their work. */
  workers?: number;
  /** CPU and memory of each worker. Defaults to 1 core and 2Gi requested, 2 cores and 4Gi at most. */
  workerResources?: kube.ContainerResources;
  /** Graphics processors of each worker. Left out, it has none. */
  gpu?: TrainingGpu;
  /** CPU and memory of the head. Defaults to 1 core and 2Gi requested, 2 cores and 4Gi at most. */
  headResources?: kube.ContainerResources;
  /** Maximum size of each pod's `/tmp`, where Ray keeps its logs and spills what does not fit into memory. Defaults to `10Gi`. */
  storageSize?: pulumi.Input<string>;
  /** Further environment variables of all pods, kept in a Secret. They win over those of this component. */
  environment?: { [key: string]: pulumi.Input<string> };
  /** Kubernetes ServiceAccount of the pods. Defaults to a dedicated one with the component's name. */
  serviceAccountName?: pulumi.Input<string>;
}

/** Arguments of RayJob. A change of any runs it again, on a new cluster. */
export interface RayJobArgs extends RayClusterArgs {
  /** Command that the head runs, such as `python /app/train.py`. */
  entrypoint: pulumi.Input<string>;
  /** How often it is retried, on a new cluster each time, 0 to 20. Defaults to 0. */
  backoffLimit?: number;
  /** Seconds after which the job is ended as failed, 60 to 604800 (a week). Defaults to 3600. */
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
