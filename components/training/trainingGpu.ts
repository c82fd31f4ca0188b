import type { PodSettings } from "../kubernetes/arguments.ts";
import type { containerResources } from "../kubernetes/pods.ts";
import type { TrainingGpu } from "./arguments.ts";

const gpuNodeTaints = ["nvidia.com/gpu", "cloud.google.com/gke-spot"];
const tolerated = (key: string) => ({ key, operator: "Exists", effect: "NoSchedule" });

/** Schedules a pod with GPUs on nodes that have them; changes nothing for a pod without. */
export function gpuPod(
  containers: readonly { gpu: TrainingGpu | undefined }[],
  chosen: PodSettings,
): PodSettings {
  const gpus = containers.flatMap(({ gpu }) => gpu ?? []);
  if (gpus.length === 0) return chosen;
  const type = gpus.find((gpu) => gpu.type !== undefined)?.type;
  return {
    ...chosen,
    ...(type === undefined
      ? {}
      : { nodeSelector: { "cloud.google.com/gke-accelerator": type, ...chosen.nodeSelector } }),
    // these nodes refuse every pod without this toleration
    tolerations: [...gpuNodeTaints.map(tolerated), ...(chosen.tolerations ?? [])],
  };
}

/** The resources of a container with its GPUs, if it has any. Of whole devices the limit is the request as well. */
export const gpuLimits = (
  gpu: TrainingGpu | undefined,
  { requests, limits }: ReturnType<typeof containerResources>,
) => ({
  requests,
  limits: gpu === undefined ? limits : { ...limits, "nvidia.com/gpu": `${gpu.count ?? 1}` },
});
