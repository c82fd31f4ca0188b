import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { ContainerResources, StringMap } from "../kubernetes/arguments.ts";
import { givenEnvironment } from "../kubernetes/givenEnvironment.ts";
import { metadataFor } from "../kubernetes/metadata.ts";
import {
  containerResources,
  containerSecurity,
  pausedJob,
  podSpec,
  userIds,
} from "../kubernetes/pods.ts";
import { workloadAccount } from "../kubernetes/serviceAccounts.ts";
import { trackingClient } from "../tracking/trackingClient.ts";
import type { TrainingGpu, TrainingWorkloadArgs } from "./arguments.ts";
import type { PodGroup } from "./podGroup.ts";
import { gpuLimits, gpuPod } from "./trainingGpu.ts";

/** What differs between the containers of a training. */
export interface TrainingContainer {
  readonly name: string;
  readonly image: pulumi.Input<string>;
  readonly command: pulumi.Input<pulumi.Input<string>[]>;
  readonly env: StringMap;
  /** Override all other variables. */
  readonly ownEnv?: readonly k8s.types.input.core.v1.EnvVar[];
  readonly resources: ContainerResources | undefined;
  readonly gpu: TrainingGpu | undefined;
  readonly ports?: { name: string; containerPort: number }[];
  readonly volumeMounts: { name: string; mountPath: string; subPath?: string }[];
}

/** What differs between the Jobs of trainings. */
export interface TrainingJobSpec {
  readonly job?: PodGroup["job"];
  readonly pod: Omit<k8s.types.input.core.v1.PodSpec, "containers" | "initContainers">;
  /** They run one after the other. */
  readonly containers: readonly TrainingContainer[];
  /** Most that its pods may write to their temporary folders. */
  readonly storageSize: pulumi.Input<string>;
}

/**
 * A Job, or a CronJob where there is a schedule, with what every training has: credentials, an identity and the
 * environment of its scripts. Returns its name.
 */
export function trainingWorkload(
  name: string,
  args: TrainingWorkloadArgs,
  { job, pod, containers, storageSize }: TrainingJobSpec,
  child: { parent: pulumi.Resource },
): pulumi.Output<string> {
  const metadata = metadataFor("training", name, args);
  const client = trackingClient(name, args, metadata(), child);
  const withGiven = givenEnvironment(name, args.environment, metadata(), child);
  const account = args.serviceAccountName ?? workloadAccount(name, name, metadata, child);
  const [main, ...before] = containers
    .map(({ env, ownEnv = [], resources, gpu, ...own }) => ({
      ...own,
      env: [
        ...withGiven(
          client({
            EXPERIMENT_NAME: args.experimentName,
            MODEL_NAME: args.modelName,
            MODEL_ALIAS: args.modelAlias ?? "champion",
            ...env,
          }),
        ),
        {
          name: "TRAINING_GROUP",
          valueFrom: {
            fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/controller-uid']" },
          },
        },
        ...ownEnv,
      ],
      resources: gpuLimits(
        gpu,
        containerResources(
          { cpuRequest: "200m", cpuLimit: "2", memoryRequest: "384Mi", memoryLimit: "2Gi" },
          resources,
          storageSize,
        ),
      ),
      securityContext: containerSecurity,
    }))
    .reverse();
  const { labels } = metadata();
  const spec = {
    backoffLimit: args.backoffLimit ?? 2,
    activeDeadlineSeconds: args.deadlineSeconds ?? 3600,
    ...job,
    template: {
      metadata: { labels, annotations: args.annotations },
      spec: podSpec(userIds.python, account, gpuPod(containers, args), {
        ...pod,
        ...(before.length > 0 && { initContainers: before.reverse() }),
        containers: [main!],
      }),
    },
  };
  const { suspend, annotations } = pausedJob(args.paused);
  const made =
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
              jobTemplate: { metadata: { labels, annotations: args.annotations }, spec },
            },
          },
          child,
        );
  return made.metadata.name;
}
