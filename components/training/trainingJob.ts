import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { withSecret } from "../core/secrets.ts";
import type { StringMap } from "../kubernetes/arguments.ts";
import { givenEnvironment } from "../kubernetes/givenEnvironment.ts";
import { metadataFor } from "../kubernetes/metadata.ts";
import {
  containerResources,
  containerSecurity,
  pausedJob,
  podDefaults,
  temporaryFolder,
  userIds,
} from "../kubernetes/pods.ts";
import { workloadAccount } from "../kubernetes/serviceAccounts.ts";
import { trackingClient } from "../tracking/trackingClient.ts";
import { checkTrainingJob, type TrainingJobArgs } from "./arguments.ts";
import { trainingGpu } from "./trainingGpu.ts";

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

    const child = { parent: this };
    const metadata = metadataFor("training", name, args);
    const client = trackingClient(name, args, metadata(), child);
    const withGiven = givenEnvironment(name, args.environment, metadata(), child);
    const environment = (values: StringMap) => withGiven(client(values));
    const serviceAccountName =
      args.serviceAccountName ?? workloadAccount(name, name, metadata, child);
    const spec = jobSpec(args, serviceAccountName, metadata().labels, environment);
    const { suspend, annotations } = pausedJob(args.paused);
    const job =
      args.schedule === undefined
        ? new k8s.batch.v1.Job(
            `${name}-job`,
            { metadata: metadata({ annotations }), spec: { suspend, ...spec } },
            child,
          )
        : new k8s.batch.v1.CronJob(
            `${name}-schedule`,
            {
              metadata: metadata({ name }),
              spec: {
                suspend,
                schedule: args.schedule,
                timeZone: args.timeZone ?? "Etc/UTC",
                concurrencyPolicy: "Forbid",
                startingDeadlineSeconds: 3600,
                successfulJobsHistoryLimit: 3,
                failedJobsHistoryLimit: 3,
                jobTemplate: {
                  metadata: { labels: metadata().labels, annotations: args.annotations },
                  spec,
                },
              },
            },
            child,
          );

    this.jobName = job.metadata.name;
    this.registerOutputs(outputsOf(this));
  }
}

function jobSpec(
  args: TrainingJobArgs,
  serviceAccountName: pulumi.Input<string>,
  labels: { [key: string]: pulumi.Input<string> },
  environment: ReturnType<typeof trackingClient>,
) {
  const temporaryStorage = "2Gi";
  const tmp = temporaryFolder(temporaryStorage);
  const { trials } = args;
  const gpu = trainingGpu(args.gpu);
  return {
    backoffLimit: args.backoffLimit ?? 2,
    activeDeadlineSeconds: args.deadlineSeconds ?? 3600,
    ...(trials === undefined
      ? {}
      : {
          completionMode: "Indexed",
          completions: trials,
          parallelism: Math.min(trials, args.parallelism ?? 2),
        }),
    ...gpu.job,
    template: {
      metadata: { labels, annotations: args.annotations },
      spec: {
        ...podDefaults(userIds.python, serviceAccountName, gpu.pod(args)),
        restartPolicy: "Never",
        containers: [
          {
            name: "training",
            image: args.image,
            command: args.command ?? ["python", "-m", "training"],
            env: [
              ...environment({
                EXPERIMENT_NAME: args.experimentName,
                MODEL_NAME: args.modelName,
                MODEL_ALIAS: args.modelAlias ?? "champion",
                ...(trials === undefined ? {} : { TRAINING_TRIALS: `${trials}` }),
              }),
              {
                name: "TRAINING_GROUP",
                valueFrom: {
                  fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/controller-uid']" },
                },
              },
            ],
            resources: gpu.withGpus(
              containerResources(
                { cpuRequest: "200m", cpuLimit: "2", memoryRequest: "384Mi", memoryLimit: "2Gi" },
                args.resources,
                temporaryStorage,
              ),
            ),
            securityContext: containerSecurity,
            volumeMounts: [tmp.mount],
          },
        ],
        volumes: [tmp.volume],
      },
    },
  };
}
