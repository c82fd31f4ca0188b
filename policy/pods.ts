import type { SeenResource } from "./rule.ts";
import { at, objectsAt, type Values } from "./values.ts";

/** Where each kind of workload keeps the spec of its pods. */
const specPaths: Readonly<Record<string, readonly string[]>> = {
  Pod: ["spec"],
  Deployment: ["spec", "template", "spec"],
  StatefulSet: ["spec", "template", "spec"],
  DaemonSet: ["spec", "template", "spec"],
  ReplicaSet: ["spec", "template", "spec"],
  Job: ["spec", "template", "spec"],
  CronJob: ["spec", "jobTemplate", "spec", "template", "spec"],
};

/** The spec of a workload's pods; undefined for what makes no pods, or does not tell yet. */
export function podSpec({ type, values }: SeenResource): Values | undefined {
  const path = /^kubernetes:(core|apps|batch)\/v1:([A-Za-z]+)$/.exec(type);
  const keys = specPaths[path?.[2] ?? ""];
  const spec = keys && at(values, ...keys);
  return typeof spec === "object" ? (spec as Values) : undefined;
}

/** Every container of a workload, those that run before the others included. */
export function containersOf(resource: SeenResource): Values[] {
  const spec = podSpec(resource);
  return [...objectsAt(spec, "initContainers"), ...objectsAt(spec, "containers")];
}

export const containerName = (container: Values): string => {
  const name = at(container, "name");
  return `container ${typeof name === "string" ? name : "without a name"}`;
};
