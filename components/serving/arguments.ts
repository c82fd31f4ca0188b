import type * as pulumi from "@pulumi/pulumi";
import {
  exclusive,
  flag,
  object,
  required,
  type Rule,
  type Rules,
  text,
  whole,
} from "../core/checks.ts";
import * as kube from "../kubernetes/arguments.ts";
import {
  type ModelArgs,
  modelRules,
  type TrackingClientArgs,
  trackingClientRules,
  trackingLogin,
} from "../tracking/arguments.ts";

/** Bounds of a HorizontalPodAutoscaler, and what it aims at: of several targets the one that asks for most pods wins. */
export interface Autoscaling {
  /** Minimum number of pods, 1 or more. Defaults to 1. */
  minReplicas?: number;
  /** Maximum number of pods, at least `minReplicas`. */
  maxReplicas: number;
  /** Target CPU utilization, in percent of `resources.cpuRequest`, 1 to 1000. Defaults to 70. */
  targetCpuPercent?: number;
  /** Target number of requests in flight per pod, 1 to 1000. Requires an adapter that serves `model_requests_in_flight` from Prometheus. Left out, only CPU counts. */
  targetRequestsInFlight?: number;
  /** Seconds of lower load before a pod is removed, 0 to 3600. Defaults to 300. */
  scaleDownSeconds?: number;
}

/** What several model servers may have in common. */
export interface SharedServing extends kube.PodSettings {
  /** Seconds between two checks of the alias, 1 to 3600. Defaults to 5. */
  pollSeconds?: pulumi.Input<number>;
  /** Largest request in bytes, 1024 to 1073741824; a larger one gets a 413. Defaults to 10485760 (10 MiB). */
  maxRequestBytes?: pulumi.Input<number>;
  /** Timeout of one prediction in seconds, 1 to 3600; after it, the request gets a 504. Its thread stays blocked until the prediction ends, and once all threads are blocked the container is restarted. Defaults to 60. */
  predictionTimeoutSeconds?: pulumi.Input<number>;
  /** Seconds within which a new version must load and predict, 10 to 86400; one that takes longer is not served. Defaults to 300. */
  loadTimeoutSeconds?: pulumi.Input<number>;
  /** Window in seconds over which input drift is measured, 60 to 604800 (a week). Defaults to 3600. A model with little traffic needs a longer one to reach 200 rows. */
  driftWindowSeconds?: pulumi.Input<number>;
  /** CPU and memory. Defaults to requests of 100m and 256Mi, and limits of 2 cores and 1Gi. */
  resources?: kube.ContainerResources;
}

/** What people choose about one model server. */
export interface ModelServerSettings extends SharedServing, kube.NodePortArgs {
  /** Whether to load models that are pickled or bring their own code, which runs when the model is loaded. Defaults to false: only formats that contain no code. */
  allowPickle?: pulumi.Input<boolean>;
  /** Number of pods, 1 to 100. Defaults to 1. Leave out with `autoscaling`. */
  replicas?: number;
  /** Scales the number of pods with the load. Requires a metrics server in the cluster. */
  autoscaling?: Autoscaling;
}

/** Arguments of ModelServer. */
export interface ModelServerArgs
  extends
    ModelServerSettings,
    ModelArgs,
    TrackingClientArgs,
    kube.WorkloadArgs,
    kube.NodeAddressArgs {
  /** Image built from `apps/serving`. It must contain the packages that the model needs. */
  image: pulumi.Input<string>;
}

const autoscaling = object<Autoscaling>(
  {
    minReplicas: whole(1, 100),
    maxReplicas: required(whole(1, 1000)),
    targetCpuPercent: whole(1, 1000),
    targetRequestsInFlight: whole(1, 1000),
    scaleDownSeconds: whole(0, 3600),
  },
  (check, { minReplicas = 1, maxReplicas }) =>
    check.refuse(
      "maxReplicas",
      maxReplicas !== undefined && maxReplicas < minReplicas,
      `${check.pathOf("maxReplicas")} must not be below ${check.pathOf("minReplicas")}, which is ${minReplicas}; raise it`,
    ),
);

const sharedServingRules: Rules<SharedServing> = {
  ...kube.podSettingsRules,
  pollSeconds: whole(1, 3600),
  maxRequestBytes: whole(1024, 1024 ** 3),
  predictionTimeoutSeconds: whole(1, 3600),
  loadTimeoutSeconds: whole(10, 86400),
  driftWindowSeconds: whole(60, 604800),
  resources: kube.resourcesRule,
};

export const checkSharedServing: Rule = object(sharedServingRules);

export const modelServerSettingsRules: Rules<ModelServerSettings> = {
  ...sharedServingRules,
  ...kube.nodePortRules,
  allowPickle: flag,
  replicas: whole(1, 100),
  autoscaling,
};

export const eitherReplicas = exclusive<ModelServerSettings>("replicas", "autoscaling");

export const checkModelServer: Rule = object<ModelServerArgs>(
  {
    ...modelServerSettingsRules,
    ...modelRules,
    ...trackingClientRules,
    ...kube.workloadRules,
    ...kube.nodeAddressRules,
    image: required(text),
  },
  trackingLogin,
  eitherReplicas,
);
