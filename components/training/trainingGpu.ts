import { checkWhole } from "../core/checks.ts";
import { checkOneOf } from "../core/closedSets.ts";
import { GpuType } from "../google/gkeMachines.ts";
import type { containerResources } from "../kubernetes/pods.ts";

/** Graphics processors of a training pod. */
export interface TrainingGpuArgs {
  /** Type of the processor on GKE: `nvidia-l4` or `nvidia-tesla-t4`. Left out, any that the cluster has will do; Autopilot wants it named. */
  type?: GpuType;
  /** Number for each pod, 1 to 8. Defaults to 1. A pod that asks for more than a node has waits for ever. */
  count?: number;
}

export function checkTrainingGpu(
  subject: string,
  gpu: TrainingGpuArgs | undefined,
  argument = "gpu",
): void {
  if (gpu === undefined) return;
  checkOneOf(subject, `${argument}.type`, gpu.type, GpuType);
  checkWhole(subject, `${argument}.count`, gpu.count ?? 1, 1, 8);
}

type Resources = ReturnType<typeof containerResources>;

/** What GPUs add to a Job, to its pods and to their container: nothing without them. */
export function trainingGpu(gpu: TrainingGpuArgs | undefined) {
  if (gpu === undefined) return { job: {}, pod: {}, withGpus: (resources: Resources) => resources };
  const { type, count = 1 } = gpu;
  return {
    job: {
      // nodes with a GPU are spot machines most of the time: one that is taken back is no failure of the script
      podFailurePolicy: {
        rules: [
          { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
        ],
      },
    },
    pod: {
      ...(type === undefined ? {} : { nodeSelector: { "cloud.google.com/gke-accelerator": type } }),
      // these nodes refuse every pod that does not say it belongs there
      tolerations: ["nvidia.com/gpu", "cloud.google.com/gke-spot"].map((key) => ({
        key,
        operator: "Exists",
        effect: "NoSchedule",
      })),
    },
    // of whole devices the limit is the request as well
    withGpus: ({ requests, limits }: Resources) => ({
      requests,
      limits: { ...limits, "nvidia.com/gpu": `${count}` },
    }),
  };
}
