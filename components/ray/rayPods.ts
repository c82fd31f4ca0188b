import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { givenEnvironment } from "../kubernetes/givenEnvironment.ts";
import { metadataFor, selectorLabels } from "../kubernetes/metadata.ts";
import {
  containerResources,
  containerSecurity,
  podSpec,
  temporaryFolder,
  userIds,
} from "../kubernetes/pods.ts";
import { workloadAccount } from "../kubernetes/serviceAccounts.ts";
import { trackingClient } from "../tracking/trackingClient.ts";
import type { TrainingGpu } from "../training/arguments.ts";
import { gpuLimits, gpuPod } from "../training/trainingGpu.ts";
import type { RayClusterArgs } from "./arguments.ts";

/** `app.kubernetes.io/name` of the pods, by which NetworkFlows knows them. */
const application = "ray";

/** Which groups of the API its objects are of; the operator installs their definitions. */
export const rayApi = "ray.io/v1";

export const rayPorts = { client: 10001, dashboard: 8265 } as const;

const defaults = { cpuRequest: "1", cpuLimit: "2", memoryRequest: "2Gi", memoryLimit: "4Gi" };

/** What a cluster and a job have in common: login, identity, a network policy, and the spec of head and workers. */
export function rayParts(name: string, args: RayClusterArgs, child: { parent: pulumi.Resource }) {
  const metadata = metadataFor(application, name, args);
  const client = trackingClient(name, args, metadata(), child);
  const withGiven = givenEnvironment(name, args.environment, metadata(), child);
  const account = args.serviceAccountName ?? workloadAccount(name, name, metadata, child);
  const { image, rayVersion, workers = 1, gpu, storageSize = "10Gi" } = args;
  const tmp = temporaryFolder(storageSize);
  const env = withGiven(
    // Ray's files in the home folder go where it may write
    client({ HOME: "/tmp", RAY_USAGE_STATS_ENABLED: "0" }),
  );
  const podTemplate = (
    container: string,
    resources: RayClusterArgs["headResources"],
    own: TrainingGpu | undefined,
  ) => ({
    metadata: { labels: metadata().labels, annotations: args.annotations },
    spec: podSpec(userIds.python, account, gpuPod([{ gpu: own }], args), {
      containers: [
        {
          name: container,
          image,
          env,
          resources: gpuLimits(own, containerResources(defaults, resources, storageSize)),
          securityContext: containerSecurity,
          volumeMounts: [tmp.mount],
        },
      ],
      volumes: [tmp.volume],
    }),
  });
  closeToOthers(name, metadata, child);
  const clusterSpec = {
    rayVersion,
    headGroupSpec: {
      // the head only schedules where there are workers
      rayStartParams: workers === 0 ? {} : { "num-cpus": "0" },
      template: podTemplate("ray-head", args.headResources, undefined),
    },
    ...(workers === 0
      ? {}
      : {
          workerGroupSpecs: [
            {
              groupName: "workers",
              replicas: workers,
              minReplicas: workers,
              maxReplicas: workers,
              rayStartParams: {},
              template: podTemplate("ray-worker", args.workerResources, gpu),
            },
          ],
        }),
  };
  return { metadata, clusterSpec, podTemplate };
}

/** Anyone who reaches the ports of Ray runs code in its pods: only these pods and the operator do. */
function closeToOthers(
  name: string,
  metadata: ReturnType<typeof metadataFor>,
  child: { parent: pulumi.Resource },
): void {
  const own = { matchLabels: selectorLabels(application, name) };
  // the labels of its Helm chart and of its manifests
  const operator = {
    key: "app.kubernetes.io/name",
    operator: "In",
    values: ["kuberay-operator", "kuberay"],
  };
  new k8s.networking.v1.NetworkPolicy(
    `${name}-pods`,
    {
      metadata: metadata({ name: `${name}-ray` }),
      spec: {
        podSelector: own,
        policyTypes: ["Ingress"],
        ingress: [
          { from: [{ podSelector: own }] },
          {
            from: [{ namespaceSelector: {}, podSelector: { matchExpressions: [operator] } }],
            ports: [{ protocol: "TCP", port: rayPorts.dashboard }],
          },
        ],
      },
    },
    child,
  );
}
