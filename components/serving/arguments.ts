import type * as pulumi from "@pulumi/pulumi";
import { checkWhole, ensure, isNodePort, refuse } from "../core/checks.ts";
import type { ContainerResourcesArgs } from "../kubernetes/arguments.ts";

/** Bounds of a HorizontalPodAutoscaler on CPU. */
export interface AutoscalingArgs {
  /** Fewest pods, 1 or more. Defaults to 1. */
  minReplicas?: number;
  /** Most pods, not below `minReplicas`. */
  maxReplicas: number;
  /** CPU use, in percent of the request, that the autoscaler aims at. Defaults to 70. */
  targetCpuPercent?: number;
}

/** Arguments of ModelServer. */
export interface ModelServerArgs {
  /** Namespace that holds every object of the server. */
  namespace: pulumi.Input<string>;
  /** Name of the Service, by which clients find it, and of the objects behind it. Defaults to the component's name. Changing it replaces them. */
  serviceName?: string;
  /** Image built from `apps/serving`. It must hold the packages that the model needs. */
  image: pulumi.Input<string>;
  /** URL of the MLflow server inside the cluster. */
  trackingUri: pulumi.Input<string>;
  /** MLflow user that may read models. */
  trackingUsername: pulumi.Input<string>;
  /** Password of that user. */
  trackingPassword: pulumi.Input<string>;
  /** Name of the registered model to serve. It need not exist yet. */
  modelName: pulumi.Input<string>;
  /** Alias to follow: whichever version carries it is served. Defaults to `champion`. */
  modelAlias?: pulumi.Input<string>;
  /** Seconds between two looks at the alias, 1 to 3600. Defaults to 5. */
  pollSeconds?: pulumi.Input<number>;
  /** Largest request in bytes; a larger one is answered with 413. Defaults to 10485760 (10 MiB). */
  maxRequestBytes?: pulumi.Input<number>;
  /** Seconds that one prediction may take, 1 to 3600; a longer one is answered with 504. Its thread is lost until the prediction ends, and once all are lost the container is restarted. Defaults to 60. */
  predictionTimeoutSeconds?: pulumi.Input<number>;
  /** Whether to load models that are pickled or carry code of their own, which runs as it is loaded. Defaults to false: skops with scikit-learn's types only. */
  allowPickle?: pulumi.Input<boolean>;
  /** Seconds in which a new version must load and predict, 10 to 86400; one that takes longer is not served. Defaults to 300. */
  loadTimeoutSeconds?: pulumi.Input<number>;
  /** Seconds of requests that the drift of the input is measured over, 60 to 604800 (a week). A model that is seldom asked needs more than an hour to come to 200 rows. Defaults to 3600. */
  driftWindowSeconds?: pulumi.Input<number>;
  /** Number of pods, 1 to 100. Defaults to 1. Leave out with `autoscaling`. */
  replicas?: number;
  /** Lets the number of pods follow the load. Needs a metrics server in the cluster. */
  autoscaling?: AutoscalingArgs;
  /** Whether no pod runs, and no autoscaler. Defaults to false. Which model is served is kept in the registry. */
  paused?: boolean;
  /** Port on every node, 30000 to 32767. Left out, the server is reachable inside the cluster only. */
  nodePort?: number;
  /** Address by which people reach a node. Defaults to `localhost`. */
  nodeAddress?: pulumi.Input<string>;
  /** CPU and memory. Defaults to 100m and 256Mi requested, 2 cores and 1Gi at most. */
  resources?: ContainerResourcesArgs;
  /** Labels added to every object. */
  labels?: { [key: string]: pulumi.Input<string> };
  /** Annotations added to every object. */
  annotations?: { [key: string]: pulumi.Input<string> };
}

export function checkModelServer(subject: string, args: ModelServerArgs): void {
  const { replicas, autoscaling } = args;
  const least = autoscaling?.minReplicas ?? 1;
  refuse(
    subject,
    replicas !== undefined && autoscaling !== undefined,
    "replicas and autoscaling exclude each other; leave one of them out",
  );
  checkWhole(subject, "replicas", replicas ?? 1, 1, 100);
  checkWhole(subject, "autoscaling.minReplicas", least, 1, 100);
  checkWhole(subject, "autoscaling.maxReplicas", autoscaling?.maxReplicas ?? least, least, 1000);
  checkWhole(subject, "autoscaling.targetCpuPercent", autoscaling?.targetCpuPercent ?? 70, 1, 100);
  checkWhole(subject, "pollSeconds", args.pollSeconds ?? 5, 1, 3600);
  checkWhole(subject, "loadTimeoutSeconds", args.loadTimeoutSeconds ?? 300, 10, 86400);
  checkWhole(subject, "driftWindowSeconds", args.driftWindowSeconds ?? 3600, 60, 604800);
  checkWhole(subject, "predictionTimeoutSeconds", args.predictionTimeoutSeconds ?? 60, 1, 3600);
  checkWhole(subject, "maxRequestBytes", args.maxRequestBytes ?? 1024, 1024, 1024 ** 3);
  ensure(subject, "nodePort", args.nodePort ?? 30000, isNodePort, "be between 30000 and 32767");
}
