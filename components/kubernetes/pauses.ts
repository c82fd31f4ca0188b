import type { StringMap } from "./arguments.ts";
import { skipAwait } from "./metadata.ts";

/** How many pods a workload is to have. */
export const pausedReplicas = (replicas: number, paused = false): number => (paused ? 0 : replicas);

/** A Job that waits to be resumed: nothing starts, and nobody waits for its end. A finished one stays finished. */
export const pausedJob = (paused = false): { suspend?: boolean; annotations?: StringMap } =>
  paused ? { suspend: true, annotations: skipAwait } : {};

/** An autoscaler has taken the number of pods for its own: while its workload is paused, that has to be taken back. */
export const takeReplicasBack: StringMap = { "pulumi.com/patchForce": "true" };
