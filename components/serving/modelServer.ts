import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { withSecret } from "../core/secrets.ts";
import { metricsPort, services } from "../core/services.ts";
import { externalServiceUrl, internalServiceUrl, servicePorts } from "../kubernetes/endpoints.ts";
import { disruptionBudget, httpDeploymentSpec } from "../kubernetes/httpWorkload.ts";
import { metadataFor, selectorLabels, skipAwait } from "../kubernetes/metadata.ts";
import { pausedReplicas, takeReplicasBack } from "../kubernetes/pods.ts";
import { workloadAccount } from "../kubernetes/serviceAccounts.ts";
import { trackingClient } from "../tracking/trackingClient.ts";
import { type Autoscaling, type ModelServerArgs, checkModelServer } from "./arguments.ts";

const { port, healthPath } = services.serving;

/**
 * Serves the version of a registered model that an alias points to, and follows the alias: a new version is loaded
 * next to the old one and takes over only if it can predict. Moving the alias back rolls back.
 */
export class ModelServer extends pulumi.ComponentResource {
  /** URL that workloads inside the cluster use. */
  public readonly internalUrl: pulumi.Output<string>;
  /** URL that people and notebooks use. */
  public readonly externalUrl: pulumi.Output<string>;

  constructor(name: string, args: ModelServerArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`ModelServer "${name}"`, args, checkModelServer);
    super("mlops:index:ModelServer", name, withSecret(args, "trackingPassword"), opts);

    const child = { parent: this };
    const serviceName = args.serviceName ?? name;
    const metadata = metadataFor(services.serving.name, serviceName, args);
    const selector = selectorLabels(services.serving.name, serviceName);
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
            probes: { startup: healthPath, readiness: "/ready", liveness: healthPath },
            temporaryStorage: "2Gi",
            resources: {
              cpuRequest: "100m",
              cpuLimit: "2",
              memoryRequest: "256Mi",
              memoryLimit: "1Gi",
            },
            // with an autoscaler only that sets the number of pods
            ...(autoscaling && !paused
              ? {}
              : { replicas: pausedReplicas(args.replicas ?? 1, paused) }),
          },
          selector,
          { labels: metadata().labels, annotations: args.annotations },
          args,
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
    this.registerOutputs(outputsOf(this));
  }
}

function autoscalerSpec(name: string, chosen: Autoscaling) {
  const { minReplicas = 1, maxReplicas, targetCpuPercent = 70, targetRequestsInFlight } = chosen;
  const cpu = { type: "Utilization", averageUtilization: targetCpuPercent };
  const inFlight = { type: "AverageValue", averageValue: `${targetRequestsInFlight}` };
  return {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
    minReplicas,
    maxReplicas,
    metrics: [
      { type: "Resource", resource: { name: "cpu", target: cpu } },
      ...(targetRequestsInFlight === undefined
        ? []
        : [
            {
              type: "Pods",
              pods: { metric: { name: "model_requests_in_flight" }, target: inFlight },
            },
          ]),
    ],
    behavior: { scaleDown: { stabilizationWindowSeconds: chosen.scaleDownSeconds ?? 300 } },
  };
}
