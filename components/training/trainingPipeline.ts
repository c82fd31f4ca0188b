import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { withSecret } from "../core/secrets.ts";
import { metricsPort } from "../core/services.ts";
import { metricsPorts } from "../kubernetes/pods.ts";
import { checkTrainingPipeline, type TrainingPipelineArgs } from "./arguments.ts";
import type { PodGroup } from "./podGroup.ts";
import { trainingCluster } from "./trainingCluster.ts";
import { type TrainingJobSpec, trainingWorkload } from "./trainingWorkload.ts";

/**
 * Trains a model in steps, such as prepare, train and promote: containers of one pod that run in order and share a
 * folder. Only a failed step is retried, and an unchanged step is reused from an earlier run. MLflow shows the
 * pipeline as a run with a nested run for each step. With `schedule` it runs regularly.
 */
export class TrainingPipeline extends pulumi.ComponentResource {
  /** Name of the Job, or with `schedule` of the CronJob; known once the Job has succeeded. */
  public readonly jobName: pulumi.Output<string>;

  constructor(name: string, args: TrainingPipelineArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`TrainingPipeline "${name}"`, args, checkTrainingPipeline);
    super(
      "mlops:index:TrainingPipeline",
      name,
      withSecret(args, "trackingPassword", "environment"),
      opts,
    );

    const child = { parent: this };
    const clusters = args.steps.flatMap(({ cluster }) => cluster ?? []);
    const workers = Math.max(...clusters.map((cluster) => cluster.workers));
    const group = clusters[0] && trainingCluster(name, args, { ...clusters[0], workers }, child);
    this.jobName = trainingWorkload(name, args, pipelineSpec(args, group), child);
    this.registerOutputs(outputsOf(this));
  }
}

function pipelineSpec(args: TrainingPipelineArgs, group?: PodGroup): TrainingJobSpec {
  const { steps, storageSize = "2Gi" } = args;
  return {
    ...(group && { job: group.job }),
    // a retried step finds what the steps before it have written
    pod: {
      restartPolicy: "OnFailure",
      volumes: [{ name: "workspace", emptyDir: { sizeLimit: storageSize } }],
      ...group?.pod,
    },
    containers: steps.map((step, index) => {
      const {
        name,
        image = args.image,
        command,
        resources,
        gpu = args.gpu,
        cluster,
        ...others
      } = step;
      const last = index === steps.length - 1;
      return {
        name,
        image,
        command: ["python", "-m", "training.pipeline", ...command],
        env: {
          PIPELINE_STEP: pulumi.jsonStringify({ name, image, last, ...others }),
          PIPELINE_WORKSPACE: "/workspace",
        },
        ...(cluster && group && { ownEnv: group.env }),
        // a pod whose init containers still run is not scraped
        ...(cluster && last && { ports: metricsPorts(metricsPort) }),
        resources: { ...args.resources, ...resources },
        gpu,
        volumeMounts: ["tmp", "workspace"].map((subPath) => ({
          name: "workspace",
          mountPath: `/${subPath}`,
          subPath,
        })),
      };
    }),
    storageSize,
  };
}
