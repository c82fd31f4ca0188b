import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { generatedPassword } from "../core/secrets.ts";
import { metadataFor } from "../kubernetes/metadata.ts";
import { environment } from "../kubernetes/pods.ts";
import { metricsPort } from "../core/services.ts";
import type { TrainingCluster, TrainingWorkloadArgs } from "./arguments.ts";
import { firstPod, jobName, type PodGroup, podNames } from "./podGroup.ts";

/** Where the scheduler and each worker listen. */
const clusterPorts = { scheduler: 8786, worker: 8788 } as const;

/**
 * What makes a Job's pods a Dask cluster. The pod of index 0 runs the command and ends the Job; all derive a certificate
 * authority from one secret, and find that pod by a headless Service.
 */
export function trainingCluster(
  name: string,
  args: TrainingWorkloadArgs,
  { workers, threads = 1 }: TrainingCluster,
  child: { parent: pulumi.Resource },
): PodGroup {
  const metadata = metadataFor("training", name, args);
  const subdomain = podNames(`${name}-cluster`, name, metadata, child);
  const secret = new k8s.core.v1.Secret(
    `${name}-cluster-secret`,
    {
      metadata: metadata(),
      immutable: true,
      stringData: { secret: generatedPassword(`${name}-cluster-password`, child) },
    },
    child,
  );
  const completions = workers + 1;
  return {
    job: {
      completionMode: "Indexed",
      completions,
      parallelism: completions,
      successPolicy: { rules: [{ succeededIndexes: "0" }] },
    },
    pod: { subdomain },
    env: [
      jobName,
      ...environment(
        {
          CLUSTER_SCHEDULER: `${firstPod(name)}:${clusterPorts.scheduler}`,
          CLUSTER_WORKER_PORT: `${clusterPorts.worker}`,
          CLUSTER_METRICS_PORT: `${metricsPort}`,
          CLUSTER_WORKERS: `${workers}`,
          CLUSTER_THREADS: `${threads}`,
        },
        secret.metadata.name,
        { CLUSTER_SECRET: "secret" },
      ),
    ],
  };
}
