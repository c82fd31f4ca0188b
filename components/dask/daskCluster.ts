import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { generatedPassword, withSecret } from "../core/secrets.ts";
import { metricsPort, services } from "../core/services.ts";
import type { ContainerResources } from "../kubernetes/arguments.ts";
import { internalHost } from "../kubernetes/endpoints.ts";
import { givenEnvironment } from "../kubernetes/givenEnvironment.ts";
import { metadataFor, selectorLabels, skipAwait } from "../kubernetes/metadata.ts";
import {
  containerResources,
  containerSecurity,
  environment,
  type EnvironmentVariable,
  metricsPorts,
  pausedReplicas,
  podSpec,
  spreadOverNodes,
  temporaryFolder,
  userIds,
} from "../kubernetes/pods.ts";
import { workloadAccount } from "../kubernetes/serviceAccounts.ts";
import { trackingClient } from "../tracking/trackingClient.ts";
import { checkDaskCluster, type DaskClusterArgs } from "./arguments.ts";

/** What differs between the scheduler and the workers. */
interface Role {
  readonly role: "scheduler" | "worker";
  readonly application: string;
  readonly deployment: string;
  readonly port: number;
  readonly options: pulumi.Input<string>[];
  readonly env: EnvironmentVariable[];
  readonly replicas: number;
  readonly defaults: Required<ContainerResources>;
  readonly resources: ContainerResources | undefined;
  readonly storageSize: pulumi.Input<string>;
}

/**
 * A Dask cluster that notebooks share: a scheduler and a fixed number of workers, which accept only connections with
 * a certificate of the cluster. Anyone with its secret can run code in its pods.
 */
export class DaskCluster extends pulumi.ComponentResource {
  /** Address of the scheduler inside the cluster, such as `tls://dask.mlops.svc.cluster.local:8786`. */
  public readonly schedulerAddress: pulumi.Output<string>;
  /** Environment variables with which `dask_client()` of the package `training` connects, a secret: `DASK_SCHEDULER_ADDRESS` and `DASK_CLUSTER_SECRET`. */
  public readonly notebookEnv: pulumi.Output<{ [key: string]: string }>;

  constructor(name: string, args: DaskClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`DaskCluster "${name}"`, args, checkDaskCluster);
    super(
      "mlops:index:DaskCluster",
      name,
      withSecret(args, "trackingPassword", "environment"),
      opts,
    );

    const child = { parent: this };
    const serviceName = args.serviceName ?? name;
    const { dask: scheduler, daskWorkers: worker } = services;
    const metadata = metadataFor(scheduler.name, serviceName, args);
    const password = generatedPassword(`${name}-password`, child);
    const secret = new k8s.core.v1.Secret(
      `${name}-secret`,
      { metadata: metadata(), immutable: true, stringData: { secret: password } },
      child,
    ).metadata.name;
    const serviceAccountName = workloadAccount(name, serviceName, metadata, child);
    const client = trackingClient(name, args, metadata(), child);
    const withGiven = givenEnvironment(name, args.environment, metadata(), child);
    new k8s.core.v1.Service(
      `${name}-service`,
      {
        metadata: metadata({ name: serviceName, annotations: skipAwait }),
        spec: {
          selector: selectorLabels(scheduler.name, serviceName),
          ports: [{ name: "dask", port: scheduler.port, targetPort: "dask" }],
        },
      },
      child,
    );
    this.schedulerAddress = pulumi.interpolate`tls://${internalHost(serviceName, args.namespace)}:${scheduler.port}`;

    const { workers = 2, threads = 1, paused } = args;
    const roles: Role[] = [
      {
        role: "scheduler",
        application: scheduler.name,
        deployment: serviceName,
        port: scheduler.port,
        options: ["--port", `${scheduler.port}`, "--protocol", "tls"],
        env: [],
        replicas: 1,
        defaults: { cpuRequest: "100m", cpuLimit: "1", memoryRequest: "256Mi", memoryLimit: "1Gi" },
        resources: args.schedulerResources,
        storageSize: "512Mi",
      },
      {
        role: "worker",
        application: worker.name,
        deployment: `${serviceName}-workers`,
        port: worker.port,
        options: [
          this.schedulerAddress,
          ...["--worker-port", `${worker.port}`, "--nthreads", `${threads}`, "--no-nanny"],
          ...["--local-directory", "/tmp"],
        ],
        // tasks may log to MLflow; the scheduler does not
        env: withGiven(client({})),
        replicas: workers,
        defaults: { cpuRequest: "200m", cpuLimit: "2", memoryRequest: "384Mi", memoryLimit: "2Gi" },
        resources: args.workerResources,
        storageSize: args.storageSize ?? "2Gi",
      },
    ];
    for (const { role, application, deployment, port, options, env, ...pods } of roles) {
      const selector = selectorLabels(application, serviceName);
      const own = metadataFor(application, serviceName, args);
      const tmp = temporaryFolder(pods.storageSize);
      new k8s.apps.v1.Deployment(
        `${name}-${role}`,
        {
          metadata: own({ name: deployment }),
          spec: {
            replicas: pausedReplicas(pods.replicas, paused),
            // each of two schedulers would have some of the workers, and all pods must have the same image
            strategy: { type: "Recreate" },
            selector: { matchLabels: selector },
            template: {
              metadata: { labels: own().labels, annotations: args.annotations },
              spec: podSpec(userIds.python, serviceAccountName, args, {
                topologySpreadConstraints: spreadOverNodes(selector),
                containers: [
                  {
                    name: role,
                    image: args.image,
                    command: ["python", "-m", "dask_cluster.shared", role],
                    args: [...options, "--no-dashboard", "--dashboard-address", `:${metricsPort}`],
                    env: [...env, ...environment({}, secret, { CLUSTER_SECRET: "secret" })],
                    ports: [{ name: "dask", containerPort: port }, ...metricsPorts(metricsPort)],
                    // a busy one answers late, which must not restart it or make it unready
                    startupProbe: {
                      httpGet: { path: "/health", port: "metrics" },
                      periodSeconds: 1,
                      failureThreshold: 180,
                    },
                    resources: containerResources(pods.defaults, pods.resources, pods.storageSize),
                    securityContext: containerSecurity,
                    volumeMounts: [tmp.mount],
                  },
                ],
                volumes: [tmp.volume],
              }),
            },
          },
        },
        child,
      );
    }
    this.notebookEnv = pulumi.secret(
      pulumi.all({
        DASK_SCHEDULER_ADDRESS: this.schedulerAddress,
        DASK_CLUSTER_SECRET: password,
      }),
    );
    this.registerOutputs(outputsOf(this));
  }
}
