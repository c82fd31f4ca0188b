import type * as pulumi from "@pulumi/pulumi";
import { metadataFor } from "../kubernetes/metadata.ts";
import type { TrainingJobArgs } from "./arguments.ts";
import { firstPod, fromPod, jobName, type PodGroup, podNames } from "./podGroup.ts";

/** torchrun's own default. */
const masterPort = 29500;

/** Pods that train one model together, all at once. Where one fails the others lose their connection to it, and fail as well. */
export function trainingNodes(
  name: string,
  args: TrainingJobArgs,
  nodes: number,
  child: { parent: pulumi.Resource },
): PodGroup {
  const subdomain = podNames(`${name}-nodes`, name, metadataFor("training", name, args), child);
  return {
    job: {
      completionMode: "Indexed",
      completions: nodes,
      parallelism: nodes,
      backoffLimit: (args.backoffLimit ?? 2) * nodes,
    },
    pod: { subdomain },
    env: [
      jobName,
      fromPod("RANK", "metadata.annotations['batch.kubernetes.io/job-completion-index']"),
      { name: "WORLD_SIZE", value: `${nodes}` },
      { name: "MASTER_ADDR", value: firstPod(name) },
      { name: "MASTER_PORT", value: `${masterPort}` },
    ],
  };
}
