import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { metricsPort, pageListName, services } from "../core/services.ts";
import { externalServiceUrl, internalServiceUrl, servicePorts } from "../kubernetes/endpoints.ts";
import { disruptionBudget, httpDeploymentSpec } from "../kubernetes/httpWorkload.ts";
import { metadataFor, selectorLabels, skipAwait } from "../kubernetes/metadata.ts";
import { environment, pausedReplicas } from "../kubernetes/pods.ts";
import { workloadAccount } from "../kubernetes/serviceAccounts.ts";
import { checkPredictionApp, type PredictionAppArgs } from "./arguments.ts";

const { port, healthPath: health } = services.prediction;
const listFolder = "/etc/prediction-app";
const listFile = "services.json";

/** Streamlit page that builds its form from the served model's signature and predicts with it. It keeps no state. */
export class PredictionApp extends pulumi.ComponentResource {
  /** URL that workloads inside the cluster use. */
  public readonly internalUrl: pulumi.Output<string>;
  /** URL that people use. */
  public readonly externalUrl: pulumi.Output<string>;

  constructor(name: string, args: PredictionAppArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`PredictionApp "${name}"`, args, checkPredictionApp);
    super("mlops:index:PredictionApp", name, args, opts);

    const child = { parent: this };
    const replicas = args.replicas ?? 2;
    const serviceName = args.serviceName ?? name;
    const metadata = metadataFor(services.prediction.name, serviceName, args);
    const selector = selectorLabels(services.prediction.name, serviceName);
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
    const listName = pageListName(serviceName);
    // a change replaces it under the same name: the pods read the new file without a restart
    const list = new k8s.core.v1.ConfigMap(
      `${name}-services`,
      {
        metadata: metadata({ name: listName }),
        data: {
          [listFile]: pulumi.jsonStringify(
            { models: args.models, services: args.services },
            undefined,
            2,
          ),
        },
      },
      child,
    );
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
              SERVICES_FILE: `${listFolder}/${listFile}`,
              METRICS_PORT: `${metricsPort}`,
              ...(args.behindLogin === true
                ? { STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION: "false" }
                : {}),
            }),
            configFolder: { configMap: listName, mountPath: listFolder },
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
          args,
        ),
      },
      { ...child, dependsOn: [list] },
    );
    disruptionBudget(name, replicas, metadata({ name: serviceName }), selector, child);

    this.internalUrl = internalServiceUrl(serviceName, args.namespace, port);
    this.externalUrl = externalServiceUrl(this.internalUrl, args);
    this.registerOutputs(outputsOf(this));
  }
}
