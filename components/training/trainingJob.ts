import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { withSecret } from "../core/secrets.ts";
import { temporaryFolder } from "../kubernetes/pods.ts";
import { checkTrainingJob, type TrainingJobArgs } from "./arguments.ts";
import { type TrainingJobSpec, trainingWorkload } from "./trainingWorkload.ts";

/**
 * Trains models as a Job: logs each as an MLflow run, registers the best, and moves the alias only if it beats the
 * version that holds it. With `schedule` it retrains regularly, with `trials` it runs experiments side by side.
 */
export class TrainingJob extends pulumi.ComponentResource {
  /** Name of the Job, or of the CronJob where there is a schedule; known once the Job has succeeded. */
  public readonly jobName: pulumi.Output<string>;

  constructor(name: string, args: TrainingJobArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`TrainingJob "${name}"`, args, checkTrainingJob);
    super(
      "mlops:index:TrainingJob",
      name,
      withSecret(args, "trackingPassword", "environment"),
      opts,
    );

    this.jobName = trainingWorkload(name, args, jobSpec(args), { parent: this });
    this.registerOutputs(outputsOf(this));
  }
}

function jobSpec(args: TrainingJobArgs): TrainingJobSpec {
  const { image, command, trials, nodes, parallelism = 2, resources, gpu } = args;
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
      ...(nodes === undefined ? {} : together(nodes, args.backoffLimit)),
      ...(gpu && { podFailurePolicy: sparesDisruptions }),
    },
    pod: { restartPolicy: "Never", volumes: [tmp.volume] },
    containers: [
      {
        name: "training",
        image,
        command: command ?? ["python", "-m", "training"],
        env: trials === undefined ? {} : { TRAINING_TRIALS: `${trials}` },
        resources,
        gpu,
        volumeMounts: [tmp.mount],
      },
    ],
    storageSize,
    nodes,
  };
}

/** All at once. Where one pod fails the others lose their connection to it, and fail as well. */
const together = (nodes: number, backoffLimit = 2) => ({
  completionMode: "Indexed",
  completions: nodes,
  parallelism: nodes,
  backoffLimit: backoffLimit * nodes,
});

/** Nodes with a GPU are spot machines most of the time: one that is taken back is no failure of the script. */
const sparesDisruptions = {
  rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }],
};
