import type * as pulumi from "@pulumi/pulumi";
import {
  type Combination,
  dnsLabel,
  exclusive,
  flag,
  list,
  map,
  must,
  object,
  oneOf,
  quantity,
  required,
  type Rule,
  type Rules,
  string,
  text,
  whole,
} from "../core/checks.ts";
import { GpuType } from "../google/gkeMachines.ts";
import * as kube from "../kubernetes/arguments.ts";
import {
  type ModelArgs,
  modelRules,
  type TrackingClientArgs,
  trackingClientRules,
  trackingLogin,
} from "../tracking/arguments.ts";

/** GPUs of a training pod. */
export interface TrainingGpu {
  /** GPU type on GKE: `nvidia-l4` or `nvidia-tesla-t4`. Defaults to any that the cluster has; Autopilot requires a type. */
  type?: GpuType;
  /** Number of GPUs per pod, 1 to 8. Defaults to 1. A pod that requests more than a node has stays pending. */
  count?: number;
}

/** A Dask cluster of one training, there as long as its script runs. */
export interface TrainingCluster {
  /** Number of worker pods, 1 to 99. One more pod runs the scheduler and the command. All pods have the same resources. */
  workers: number;
  /** Tasks that each worker runs in parallel, 1 to 64. Defaults to 1. */
  threads?: number;
}

/** What every training has: that of one script, and that of steps. */
export interface TrainingPodArgs extends kube.PodSettings {
  /** Time zone of the schedule. Defaults to `Etc/UTC`. */
  timeZone?: pulumi.Input<string>;
  /** Additional environment variables of the script, kept in a Secret. They override the component's own. */
  environment?: { [key: string]: pulumi.Input<string> };
  /** Number of retries of a failed pod or step, 0 to 20. Defaults to 2. */
  backoffLimit?: number;
  /** Seconds after which the Job fails, 60 to 604800 (a week). Defaults to 3600. */
  deadlineSeconds?: number;
  /** CPU and memory of each pod or step. Defaults to requests of 200m and 384Mi, and limits of 2 cores and 2Gi. */
  resources?: kube.ContainerResources;
  /** GPUs of each pod or step. Defaults to none. */
  gpu?: TrainingGpu;
}

/** What the training of several models may have in common. */
export interface SharedTraining extends TrainingPodArgs {
  /** Command to run. Defaults to `python -m training`. */
  command?: pulumi.Input<string>[];
  /** Number of experiments to run, 1 to 1000, one pod and one MLflow run each. Left out, one pod runs them all. */
  trials?: number;
  /** Maximum number of trials that run in parallel, 1 to 1000. Defaults to 2. */
  parallelism?: number;
  /** Dask cluster for the command's Dask clients and joblib. Defaults to none. Excludes `trials`. */
  cluster?: TrainingCluster;
}

/** When a training runs. */
export interface TrainingScheduleArgs {
  /** Cron schedule such as `0 3 * * *`, or one of `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly`. Defaults to no schedule. */
  schedule?: string;
}

/** What people choose about the training of one model. */
export interface TrainingSettings extends SharedTraining, TrainingScheduleArgs {}

/** What ties a training to its model and to the platform. */
export interface TrainingWorkloadArgs
  extends
    TrainingPodArgs,
    TrainingScheduleArgs,
    ModelArgs,
    TrackingClientArgs,
    kube.NamespacedArgs,
    kube.PausableArgs {
  /** Image with the training code: the model server's, so that trained models can be served. A new image runs the Job again. */
  image: pulumi.Input<string>;
  /** Experiment that holds the runs. It is created if missing. */
  experimentName: pulumi.Input<string>;
  /** Kubernetes ServiceAccount of the pods. Defaults to a dedicated one with the component's name. */
  serviceAccountName?: pulumi.Input<string>;
}

/** Arguments of TrainingJob. With a `schedule` it is a CronJob; without one it runs once, when it is made or changed. */
export interface TrainingJobArgs extends TrainingWorkloadArgs, SharedTraining {
  /** Number of pods that train one model together, 2 to 100, such as with `torchrun`. They find each other through `RANK`, `WORLD_SIZE`, `MASTER_ADDR` and `MASTER_PORT`. Requires `command`; excludes `trials` and `cluster`. Defaults to a single pod without these variables. */
  nodes?: number;
}

/** A step of a pipeline: a container that runs when the one before it has succeeded. */
export interface PipelineStep {
  /** Name of the step and of its run, such as `prepare`; unique in the pipeline. */
  name: string;
  /** Command to run, in the model's folder if the image has it. */
  command: pulumi.Input<string>[];
  /** Image of the step, built on the model server's. Defaults to the pipeline's. */
  image?: pulumi.Input<string>;
  /** Parameters, logged on the step's run. The step reads them with `training.parameters()`. */
  parameters?: { [key: string]: pulumi.Input<string> };
  /** CPU and memory. Values that are left out default to the pipeline's. */
  resources?: kube.ContainerResources;
  /** GPUs. Defaults to the pipeline's. All steps run in one pod, so they must use one type. */
  gpu?: TrainingGpu;
  /** Dask cluster for the step's Dask clients and joblib. Steps with a cluster share one set of workers, as many as the largest of them requires. Defaults to none. */
  cluster?: TrainingCluster;
  /** Seconds after which one attempt fails, 1 to 604800. Left out, only the Job's deadline applies. */
  timeoutSeconds?: number;
  /** Whether to reuse the outputs of an earlier run with the same image, command, parameters and inputs. Defaults to true. */
  cache?: boolean;
}

/** Arguments of TrainingPipeline. With a `schedule` it is a CronJob; without one it runs once, when it is made or changed. */
export interface TrainingPipelineArgs extends TrainingWorkloadArgs {
  /** Steps in order, at least one. */
  steps: PipelineStep[];
  /** Disk space that the steps of one pod can use in total. Defaults to `2Gi`. */
  storageSize?: pulumi.Input<string>;
}

export const gpuRule: Rule = object<TrainingGpu>({ type: oneOf(GpuType), count: whole(1, 8) });

const trainingPodRules: Rules<TrainingPodArgs> = {
  ...kube.podSettingsRules,
  timeZone: text,
  environment: map(string),
  backoffLimit: whole(0, 20),
  deadlineSeconds: whole(60, 604800),
  resources: kube.resourcesRule,
  gpu: gpuRule,
};

const clusterRule: Rule = object<TrainingCluster>({
  workers: required(whole(1, 99)),
  threads: whole(1, 64),
});

const sharedTrainingRules: Rules<SharedTraining> = {
  ...trainingPodRules,
  command: list(string),
  trials: whole(1, 1000),
  parallelism: whole(1, 1000),
  cluster: clusterRule,
};

export const trialsOrCluster = exclusive<SharedTraining>("cluster", "trials");

export const checkSharedTraining: Rule = object(sharedTrainingRules, trialsOrCluster);

const scheduleRules: Rules<TrainingScheduleArgs> = {
  schedule: must(
    "be five cron fields such as `0 3 * * *`, or a word such as @daily",
    (schedule) =>
      typeof schedule === "string" &&
      (/^@(yearly|monthly|weekly|daily|hourly)$/.test(schedule) ||
        schedule.trim().split(/\s+/).length === 5),
  ),
};

export const trainingSettingsRules: Rules<TrainingSettings> = {
  ...sharedTrainingRules,
  ...scheduleRules,
};

const trainingWorkloadRules: Rules<TrainingWorkloadArgs> = {
  ...trainingPodRules,
  ...scheduleRules,
  ...modelRules,
  ...trackingClientRules,
  ...kube.namespacedRules,
  ...kube.pausableRules,
  image: required(text),
  experimentName: required(text),
  serviceAccountName: text,
};

export const checkTrainingJob: Rule = object<TrainingJobArgs>(
  {
    ...trainingWorkloadRules,
    ...sharedTrainingRules,
    nodes: whole(2, 100),
  },
  trackingLogin,
  trialsOrCluster,
  exclusive("nodes", "trials", "cluster"),
  (check, { nodes, command }) => {
    check.refuse(
      "nodes",
      nodes !== undefined && command === undefined,
      `${check.pathOf("nodes")} needs ${check.pathOf("command")}, such as torchrun; add it`,
    );
  },
);

/** Steps, whose combinations `stepsFit` checks. */
export const pipelineSteps: Rule = list(
  object<PipelineStep>({
    name: required(dnsLabel("prepare")),
    command: required(list(string)),
    image: text,
    parameters: map(string),
    resources: kube.resourcesRule,
    gpu: gpuRule,
    cluster: clusterRule,
    timeoutSeconds: whole(1, 604800),
    cache: flag,
  }),
);

export const stepsFit: Combination<Partial<Pick<TrainingPipelineArgs, "steps" | "gpu">>> = (
  check,
  { steps, gpu: ofAll },
) => {
  if (steps === undefined) return;
  check.refuse("steps", steps.length === 0, `${check.pathOf("steps")} must not be empty`);
  const names = steps.map(({ name }) => name);
  const types = steps.flatMap(({ gpu = ofAll }) => gpu?.type ?? []);
  const first = steps.findIndex(({ cluster }) => cluster !== undefined);
  const { image: workersImage, cluster: workers } = steps[first] ?? {};
  steps.forEach(({ name, command, image, gpu, cluster }, index) => {
    const step = check.at("steps").at(index);
    const same = names.indexOf(name);
    if (same !== index)
      step.at("name").must(`differ from steps[${same}].name; name each step once`);
    if (command.length === 0) step.at("command").must("not be empty");
    if (gpu?.type !== undefined && gpu.type !== types[0]) {
      step
        .at("gpu")
        .at("type")
        .must(`be ${types[0]} like the steps before it, because all steps run in one pod`);
    }
    if (cluster === undefined) return;
    const shared = `that of steps[${first}], whose workers serve all steps`;
    if (image !== workersImage) step.at("image").must(`be ${shared}`);
    if (cluster.threads !== workers?.threads) step.at("cluster").at("threads").must(`be ${shared}`);
  });
};

export const checkTrainingPipeline: Rule = object<TrainingPipelineArgs>(
  {
    ...trainingWorkloadRules,
    steps: required(pipelineSteps),
    storageSize: quantity("2Gi"),
  },
  stepsFit,
);
