import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { withSecret } from "../core/secrets.ts";
import { metricsPort } from "../core/services.ts";
import { metricsPorts, temporaryFolder } from "../kubernetes/pods.ts";
import { checkTrainingJob, type TrainingJobArgs } from "./arguments.ts";
import type { PodGroup } from "./podGroup.ts";
import { trainingCluster } from "./trainingCluster.ts";
import { trainingNodes } from "./trainingNodes.ts";
import { type TrainingJobSpec, trainingWorkload } from "./trainingWorkload.ts";

/**
 * Trains models as a Job: logs each as an MLflow run, registers the best, and moves the alias only if it beats the
 * version that holds it. With `schedule` it retrains regularly, with `trials` it runs experiments in parallel, with `cluster` its script gets a Dask cluster.
 */
export class TrainingJob extends pulumi.ComponentResource {
  /** Name of the Job, or with `schedule` of the CronJob; known once the Job has succeeded. */
  public readonly jobName: pulumi.Output<string>;

  constructor(name: string, args: TrainingJobArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`TrainingJob "${name}"`, args, checkTrainingJob);
    super(
      "mlops:index:TrainingJob",
      name,
      withSecret(args, "trackingPassword", "environment"),
      opts,
    );

    const child = { parent: this };
    const { cluster, nodes } = args;
    const group =
      (cluster && trainingCluster(name, args, cluster, child)) ??
      (nodes === undefined ? undefined : trainingNodes(name, args, nodes, child));
    this.jobName = trainingWorkload(name, args, jobSpec(args, group), child);
    this.registerOutputs(outputsOf(this));
  }
}

function jobSpec(args: TrainingJobArgs, group?: PodGroup): TrainingJobSpec {
  const { image, trials, parallelism = 2, resources, gpu, cluster } = args;
  const command = args.command ?? ["python", "-m", "training"];
  const storageSize = "2Gi";
  const tmp = temporaryFolder(storageSize);
  return {
    job: {
      ...(trials === undefined
        ? {}
        : {
            completionMode: "Indexed",
            completions: trials,
            parallelism: Math.min(trials, parallelism),
          }),
      ...group?.job,
      // many workers may be lost one after another; a pod without attempts left fails the Job
      ...(cluster && {
        backoffLimit: undefined,
        backoffLimitPerIndex: args.backoffLimit ?? 2,
        maxFailedIndexes: 0,
      }),
      ...((gpu ?? group) && { podFailurePolicy: sparesDisruptions }),
    },
    pod: { restartPolicy: "Never", volumes: [tmp.volume], ...group?.pod },
    containers: [
      {
        name: "training",
        image,
        command: cluster === undefined ? command : ["python", "-m", "dask_cluster", ...command],
        env: trials === undefined ? {} : { TRAINING_TRIALS: `${trials}` },
        ...(group && { ownEnv: group.env }),
        ...(cluster && { ports: metricsPorts(metricsPort) }),
        resources,
        gpu,
        volumeMounts: [tmp.mount],
      },
    ],
    storageSize,
  };
}

/** With many pods, or on spot machines, as GPUs often are, nodes may be reclaimed: the script has not failed then. */
const sparesDisruptions = {
  rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }],
};
