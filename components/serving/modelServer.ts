import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkWhole, ensure, isNodePort, refuse } from "../core/checks.ts";
import { withSecret } from "../core/confidential.ts";
import { externalServiceUrl, internalServiceUrl, servicePorts } from "../kubernetes/endpoints.ts";
import { disruptionBudget, httpDeploymentSpec } from "../kubernetes/httpWorkload.ts";
import { metadataFor, selectorLabels, skipAwait } from "../kubernetes/metadata.ts";
import { pausedReplicas, takeReplicasBack } from "../kubernetes/pauses.ts";
import { type ContainerResourcesArgs, metricsPort } from "../kubernetes/pods.ts";
import { workloadAccount } from "../kubernetes/serviceAccounts.ts";
import { trackingClient } from "../tracking/trackingClient.ts";

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

const port = 8080;

/**
 * Serves the version of a registered model that carries an alias, and follows the alias: the new version is loaded
 * beside the old one and takes over only if it can predict. Moving the alias back rolls back.
 */
export class ModelServer extends pulumi.ComponentResource {
  /** URL that workloads inside the cluster use. */
  public readonly internalUrl: pulumi.Output<string>;
  /** URL that people and notebooks use. */
  public readonly externalUrl: pulumi.Output<string>;

  constructor(name: string, args: ModelServerArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`ModelServer "${name}"`, args);
    super("mlops:index:ModelServer", name, withSecret(args, "trackingPassword"), opts);

    const child = { parent: this };
    const serviceName = args.serviceName ?? name;
    const metadata = metadataFor("model-server", serviceName, args);
    const selector = selectorLabels("model-server", serviceName);
    const serviceAccountName = workloadAccount(name, serviceName, metadata, child);
    const environment = trackingClient(name, args, metadata(), child);
    new k8s.core.v1.Service(
      `${name}-service`,
      {
        metadata: metadata({ name: serviceName, annotations: skipAwait }),
        spec: { selector, ...servicePorts(port, args) },
      },
      child,
    );
    const { autoscaling, paused = false } = args;
    new k8s.apps.v1.Deployment(
      `${name}-server`,
      {
        metadata: metadata({
          name: serviceName,
          ...(autoscaling && paused ? { annotations: takeReplicasBack } : {}),
        }),
        spec: httpDeploymentSpec(
          {
            container: "model-server",
            serviceAccountName,
            image: args.image,
            port,
            metricsPort,
            env: environment({
              MODEL_NAME: args.modelName,
              MODEL_ALIAS: args.modelAlias ?? "champion",
              MODEL_POLL_SECONDS: pulumi.interpolate`${args.pollSeconds ?? 5}`,
              MAX_REQUEST_BYTES: pulumi.interpolate`${args.maxRequestBytes ?? 10485760}`,
              PREDICTION_TIMEOUT_SECONDS: pulumi.interpolate`${args.predictionTimeoutSeconds ?? 60}`,
              MODEL_ALLOW_PICKLE: pulumi.interpolate`${args.allowPickle ?? false}`,
              LOAD_TIMEOUT_SECONDS: pulumi.interpolate`${args.loadTimeoutSeconds ?? 300}`,
              METRICS_PORT: `${metricsPort}`,
              DRIFT_WINDOW_SECONDS: pulumi.interpolate`${args.driftWindowSeconds ?? 3600}`,
            }),
            probes: { startup: "/health", readiness: "/ready", liveness: "/health" },
            temporaryStorage: "2Gi",
            resources: {
              cpuRequest: "100m",
              cpuLimit: "2",
              memoryRequest: "256Mi",
              memoryLimit: "1Gi",
            },
            // with an autoscaler the number of pods is its business alone
            ...(autoscaling && !paused
              ? {}
              : { replicas: pausedReplicas(args.replicas ?? 1, paused) }),
          },
          selector,
          { labels: metadata().labels, annotations: args.annotations },
          args.resources,
        ),
      },
      child,
    );
    // over a paused server it would do nothing but report that it cannot scale
    if (autoscaling && !paused) {
      new k8s.autoscaling.v2.HorizontalPodAutoscaler(
        `${name}-autoscaler`,
        {
          metadata: metadata({ name: serviceName }),
          spec: autoscalerSpec(serviceName, autoscaling),
        },
        child,
      );
    }
    const leastReplicas = autoscaling?.minReplicas ?? args.replicas ?? 1;
    disruptionBudget(name, leastReplicas, metadata({ name: serviceName }), selector, child);

    this.internalUrl = internalServiceUrl(serviceName, args.namespace, port);
    this.externalUrl = externalServiceUrl(this.internalUrl, args);
    this.registerOutputs({ internalUrl: this.internalUrl, externalUrl: this.externalUrl });
  }
}

function autoscalerSpec(
  name: string,
  { minReplicas, maxReplicas, targetCpuPercent }: AutoscalingArgs,
) {
  return {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
    minReplicas: minReplicas ?? 1,
    maxReplicas,
    metrics: [
      {
        type: "Resource",
        resource: {
          name: "cpu",
          target: { type: "Utilization", averageUtilization: targetCpuPercent ?? 70 },
        },
      },
    ],
  };
}

function checkArguments(subject: string, args: ModelServerArgs): void {
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
