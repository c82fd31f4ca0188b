import type { containerResources } from "../kubernetes/pods.ts";
import type { PodSettingsArgs } from "../kubernetes/arguments.ts";
import type { TrainingGpuArgs } from "./arguments.ts";

const gpuNodeTaints = ["nvidia.com/gpu", "cloud.google.com/gke-spot"];
const tolerated = (key: string) => ({ key, operator: "Exists", effect: "NoSchedule" });

type Resources = ReturnType<typeof containerResources>;

/** What GPUs add to a Job, to its pods and to their container: nothing without them. */
export function trainingGpu(gpu: TrainingGpuArgs | undefined) {
  if (gpu === undefined) {
    return {
      job: {},
      pod: (chosen: PodSettingsArgs) => chosen,
      withGpus: (resources: Resources) => resources,
    };
  }
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
    pod: (chosen: PodSettingsArgs): PodSettingsArgs => ({
      ...chosen,
      ...(type === undefined
        ? {}
        : { nodeSelector: { "cloud.google.com/gke-accelerator": type, ...chosen.nodeSelector } }),
      // these nodes refuse every pod that does not say it belongs there
      tolerations: [...gpuNodeTaints.map(tolerated), ...(chosen.tolerations ?? [])],
    }),
    // of whole devices the limit is the request as well
    withGpus: ({ requests, limits }: Resources) => ({
      requests,
      limits: { ...limits, "nvidia.com/gpu": `${count}` },
    }),
  };
}
