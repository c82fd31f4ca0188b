import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { ContainerResources, PodSettings, StringMap } from "./arguments.ts";
import {
  containerResources,
  containerSecurity,
  drainBeforeStop,
  httpProbes,
  metricsPorts,
  podSpec,
  spreadOverNodes,
  temporaryFolder,
  userIds,
} from "./pods.ts";

/** What differs between the stateless HTTP workloads of the platform. */
export interface HttpWorkload {
  container: string;
  serviceAccountName: pulumi.Input<string>;
  image: pulumi.Input<string>;
  port: number;
  /** Where the container answers `/metrics`; only Prometheus can reach it. */
  metricsPort?: number;
  env: pulumi.Input<pulumi.Input<k8s.types.input.core.v1.EnvVar>[]>;
  /** A ConfigMap whose keys are files of a folder. Changes reach the files while the container runs. */
  configFolder?: { configMap: string; mountPath: string };
  probes: Parameters<typeof httpProbes>[0];
  temporaryStorage: pulumi.Input<string>;
  resources: Required<ContainerResources>;
  /** Absent where an autoscaler sets the number. */
  replicas?: number;
}

/** Spec of a Deployment that never serves with fewer pods than requested during a rollout. */
export function httpDeploymentSpec(
  workload: HttpWorkload,
  selector: { [key: string]: string },
  template: { labels: StringMap; annotations?: StringMap },
  chosen: PodSettings & { resources?: ContainerResources } = {},
) {
  const folders = [
    temporaryFolder(workload.temporaryStorage),
    ...(workload.configFolder ? [configFolder(workload.configFolder)] : []),
  ];
  return {
    ...(workload.replicas === undefined ? {} : { replicas: workload.replicas }),
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    selector: { matchLabels: selector },
    template: {
      metadata: template,
      spec: podSpec(userIds.python, workload.serviceAccountName, chosen, {
        topologySpreadConstraints: spreadOverNodes(selector),
        containers: [
          {
            name: workload.container,
            image: workload.image,
            env: workload.env,
            ports: [
              { name: "http", containerPort: workload.port },
              ...metricsPorts(workload.metricsPort),
            ],
            ...httpProbes(workload.probes),
            lifecycle: drainBeforeStop,
            resources: containerResources(
              workload.resources,
              chosen.resources,
              workload.temporaryStorage,
            ),
            securityContext: containerSecurity,
            volumeMounts: folders.map(({ mount }) => mount),
          },
        ],
        volumes: folders.map(({ volume }) => volume),
      }),
    },
  };
}

const configFolder = ({ configMap, mountPath }: { configMap: string; mountPath: string }) => ({
  volume: { name: "config", configMap: { name: configMap } },
  mount: { name: "config", mountPath, readOnly: true },
});

/** Lets a node be drained pod by pod. Only for more than one pod: with one it would block every drain. */
export function disruptionBudget(
  name: string,
  replicas: number,
  metadata: k8s.types.input.meta.v1.ObjectMeta,
  selector: { [key: string]: string },
  child: pulumi.CustomResourceOptions,
): void {
  if (replicas < 2) return;
  new k8s.policy.v1.PodDisruptionBudget(
    `${name}-disruption-budget`,
    { metadata, spec: { maxUnavailable: 1, selector: { matchLabels: selector } } },
    child,
  );
}
