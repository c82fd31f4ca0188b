import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkWhole, ensure, isNodePort } from "../core/checks.ts";
import { externalServiceUrl, internalServiceUrl, servicePorts } from "../kubernetes/endpoints.ts";
import { disruptionBudget, httpDeploymentSpec } from "../kubernetes/httpWorkload.ts";
import { metadataFor, selectorLabels, skipAwait } from "../kubernetes/metadata.ts";
import { pausedReplicas } from "../kubernetes/pauses.ts";
import { type ContainerResourcesArgs, environment, metricsPort } from "../kubernetes/pods.ts";
import { workloadAccount } from "../kubernetes/serviceAccounts.ts";

/** Arguments of PredictionApp. */
export interface PredictionAppArgs {
  /** Namespace that holds every object of the page. */
  namespace: pulumi.Input<string>;
  /** Name of the Service, by which clients find it, and of the objects behind it. Defaults to the component's name. Changing it replaces them. */
  serviceName?: string;
  /** Image built from `apps/predict`. */
  image: pulumi.Input<string>;
  /** URL of the model server inside the cluster. */
  modelServerUrl: pulumi.Input<string>;
  /** Number of pods, 1 to 100. Defaults to 2, so that one may restart while the other answers. */
  replicas?: number;
  /** Whether no pod runs. Defaults to false. */
  paused?: boolean;
  /** Port on every node, 30000 to 32767. Left out, the page is reachable inside the cluster only. */
  nodePort?: number;
  /** Address by which people reach a node. Defaults to `localhost`. */
  nodeAddress?: pulumi.Input<string>;
  /** Whether a LoginProxy stands in front. Defaults to false. No cookie passes it, so Streamlit's check by its XSRF cookie is then off; browsers do not send the login's cookie with another site's requests. */
  behindLogin?: boolean;
  /** CPU and memory. Defaults to 50m and 128Mi requested, 1 core and 512Mi at most. */
  resources?: ContainerResourcesArgs;
  /** Labels added to every object. */
  labels?: { [key: string]: pulumi.Input<string> };
  /** Annotations added to every object. */
  annotations?: { [key: string]: pulumi.Input<string> };
}

const port = 8501;

/** Streamlit page that builds its form from the served model's signature and predicts with it. It keeps no state. */
export class PredictionApp extends pulumi.ComponentResource {
  /** URL that workloads inside the cluster use. */
  public readonly internalUrl: pulumi.Output<string>;
  /** URL that people use. */
  public readonly externalUrl: pulumi.Output<string>;

  constructor(name: string, args: PredictionAppArgs, opts?: pulumi.ComponentResourceOptions) {
    const subject = `PredictionApp "${name}"`;
    const replicas = args.replicas ?? 2;
    checkWhole(subject, "replicas", replicas, 1, 100);
    ensure(subject, "nodePort", args.nodePort ?? 30000, isNodePort, "be between 30000 and 32767");
    super("mlops:index:PredictionApp", name, args, opts);

    const child = { parent: this };
    const serviceName = args.serviceName ?? name;
    const metadata = metadataFor("prediction-app", serviceName, args);
    const selector = selectorLabels("prediction-app", serviceName);
    const serviceAccountName = workloadAccount(name, serviceName, metadata, child);
    new k8s.core.v1.Service(
      `${name}-service`,
      {
        metadata: metadata({ name: serviceName, annotations: skipAwait }),
        spec: {
          selector,
          ...servicePorts(port, args),
          // a session and its uploads live in one pod
          sessionAffinity: "ClientIP",
        },
      },
      child,
    );
    const health = "/_stcore/health";
    new k8s.apps.v1.Deployment(
      `${name}-server`,
      {
        metadata: metadata({ name: serviceName }),
        spec: httpDeploymentSpec(
          {
            container: "streamlit",
            serviceAccountName,
            image: args.image,
            port,
            metricsPort,
            env: environment({
              MODEL_SERVER_URL: args.modelServerUrl,
              METRICS_PORT: `${metricsPort}`,
              ...(args.behindLogin === true
                ? { STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION: "false" }
                : {}),
            }),
            probes: { startup: health, readiness: health, liveness: health },
            temporaryStorage: "512Mi",
            resources: {
              cpuRequest: "50m",
              cpuLimit: "1",
              memoryRequest: "128Mi",
              memoryLimit: "512Mi",
            },
            replicas: pausedReplicas(replicas, args.paused),
          },
          selector,
          { labels: metadata().labels, annotations: args.annotations },
          args.resources,
        ),
      },
      child,
    );
    disruptionBudget(name, replicas, metadata({ name: serviceName }), selector, child);

    this.internalUrl = internalServiceUrl(serviceName, args.namespace, port);
    this.externalUrl = externalServiceUrl(this.internalUrl, args);
    this.registerOutputs({ internalUrl: this.internalUrl, externalUrl: this.externalUrl });
  }
}
