import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkWhole, ensure } from "../core/checks.ts";
import { withSecret } from "../core/confidential.ts";
import { givenEnvironment } from "../kubernetes/givenEnvironment.ts";
import { metadataFor, type StringMap } from "../kubernetes/metadata.ts";
import { pausedJob } from "../kubernetes/pauses.ts";
import { checkTrainingGpu, type TrainingGpuArgs, trainingGpu } from "./trainingGpu.ts";
import {
  type ContainerResourcesArgs,
  containerResources,
  containerSecurity,
  podDefaults,
  temporaryFolder,
  userIds,
} from "../kubernetes/pods.ts";
import { workloadAccount } from "../kubernetes/serviceAccounts.ts";
import { trackingClient } from "../tracking/trackingClient.ts";

/** Arguments of TrainingJob. */
export interface TrainingJobArgs {
  /** Namespace that holds the Job. */
  namespace: pulumi.Input<string>;
  /** Image with the training script: the model server's, so that what is trained can be served. A new image runs the Job anew. */
  image: pulumi.Input<string>;
  /** Command to run. Defaults to `python -m training`. */
  command?: pulumi.Input<string>[];
  /** URL of the MLflow server inside the cluster. */
  trackingUri: pulumi.Input<string>;
  /** MLflow user that may write runs and models. */
  trackingUsername: pulumi.Input<string>;
  /** Password of that user. */
  trackingPassword: pulumi.Input<string>;
  /** Experiment that holds the runs. It is made when missing. */
  experimentName: pulumi.Input<string>;
  /** Registered model that the best run becomes a version of. */
  modelName: pulumi.Input<string>;
  /** Alias that moves to the new version if its metric beats the present holder's. Defaults to `champion`. */
  modelAlias?: pulumi.Input<string>;
  /** Cron schedule such as `0 3 * * *`. Left out, the Job runs once, when it is made or changed. */
  schedule?: string;
  /** Time zone of the schedule. Defaults to `Etc/UTC`. */
  timeZone?: pulumi.Input<string>;
  /** Number of experiments to run, 1 to 1000, one pod and one MLflow run each. Left out, one pod runs them all. */
  trials?: number;
  /** Most trials that run side by side. Defaults to 2. */
  parallelism?: number;
  /** Kubernetes ServiceAccount of the pods. Defaults to one of its own, with the component's name. */
  serviceAccountName?: pulumi.Input<string>;
  /** Whether nothing is started. Defaults to false. A Job that is under way is stopped and begins again afterwards; one that has ended is not run again. */
  paused?: boolean;
  /** Further environment variables of the script, kept in a Secret. They win over those of this component. */
  environment?: { [key: string]: pulumi.Input<string> };
  /** How often a failed pod is tried again, 0 to 20. Defaults to 2. */
  backoffLimit?: number;
  /** Seconds after which the Job is ended as failed, 60 or more. Defaults to 3600. */
  deadlineSeconds?: number;
  /** CPU and memory of each pod. Defaults to 200m and 384Mi requested, 2 cores and 2Gi at most. */
  resources?: ContainerResourcesArgs;
  /** Graphics processors of each pod. Left out, it has none. */
  gpu?: TrainingGpuArgs;
  /** Labels added to every object. */
  labels?: { [key: string]: pulumi.Input<string> };
  /** Annotations added to every object. */
  annotations?: { [key: string]: pulumi.Input<string> };
}

/**
 * Trains models as a Job: logs each as an MLflow run, registers the best, and moves the alias only if it beats the
 * version that holds it. With `schedule` it retrains regularly, with `trials` it runs experiments side by side.
 */
export class TrainingJob extends pulumi.ComponentResource {
  /** Name of the Job, or of the CronJob where there is a schedule; known once the Job has succeeded. */
  public readonly jobName: pulumi.Output<string>;

  constructor(name: string, args: TrainingJobArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`TrainingJob "${name}"`, args);
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
    this.registerOutputs({ jobName: this.jobName });
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
        ...podDefaults(userIds.python, serviceAccountName),
        ...gpu.pod,
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

function checkArguments(subject: string, args: TrainingJobArgs): void {
  checkWhole(subject, "trials", args.trials ?? 1, 1, 1000);
  checkWhole(subject, "parallelism", args.parallelism ?? 1, 1, 1000);
  checkWhole(subject, "backoffLimit", args.backoffLimit ?? 0, 0, 20);
  checkWhole(subject, "deadlineSeconds", args.deadlineSeconds ?? 60, 60, 604800);
  checkTrainingGpu(subject, args.gpu);
  ensure(
    subject,
    "schedule",
    args.schedule ?? "@daily",
    (schedule) =>
      /^@(yearly|monthly|weekly|daily|hourly)$/.test(schedule) ||
      schedule.trim().split(/\s+/).length === 5,
    "be five cron fields such as `0 3 * * *`",
  );
}
