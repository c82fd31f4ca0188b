import type { SeenResource } from "./rule.ts";
import { at, objectsAt, textsAt, type Values } from "./values.ts";

/** The path of the pod spec in each kind of workload. */
const specPaths: Readonly<Record<string, readonly string[]>> = {
  Pod: ["spec"],
  Deployment: ["spec", "template", "spec"],
  StatefulSet: ["spec", "template", "spec"],
  DaemonSet: ["spec", "template", "spec"],
  ReplicaSet: ["spec", "template", "spec"],
  ReplicationController: ["spec", "template", "spec"],
  PodTemplate: ["template", "spec"],
  Job: ["spec", "template", "spec"],
  CronJob: ["spec", "jobTemplate", "spec", "template", "spec"],
};

/** The spec of a workload's pods; undefined for other kinds, and where it is not known yet. */
export function podSpec({ type, values }: SeenResource): Values | undefined {
  const path = /^kubernetes:(?:core|apps|batch|extensions)\/v\w+:([A-Za-z]+)$/.exec(type);
  const keys = specPaths[path?.[1] ?? ""];
  const spec = keys && at(values, ...keys);
  return typeof spec === "object" ? (spec as Values) : undefined;
}

/** Every container of a workload, those that run before the others or are added to them included. */
export function containersOf(resource: SeenResource): Values[] {
  const spec = podSpec(resource);
  return ["initContainers", "containers", "ephemeralContainers"].flatMap((key) =>
    objectsAt(spec, key),
  );
}

export const containerName = (container: Values): string => {
  const name = at(container, "name");
  return `container ${typeof name === "string" ? name : "without a name"}`;
};

/** The words of a container's command line, including those inside a shell script. */
export const commandLine = (container: Values): string[] =>
  ["command", "args"]
    .flatMap((key) => textsAt(container, key))
    .flatMap((word) => word.split(/\s+/))
    .map((word) => word.replace(/^["']|["']$/g, ""));

export const variablesOf = (container: Values): (readonly [name: string, value: string])[] =>
  objectsAt(container, "env").flatMap((variable) => {
    const [name, value] = [at(variable, "name"), at(variable, "value")];
    return typeof name === "string" && typeof value === "string" ? [[name, value] as const] : [];
  });

/** `--name=value` and `--name value` of a container's command line. */
export const flagsOf = (container: Values): (readonly [name: string, value: string])[] => {
  const words = commandLine(container);
  return words.flatMap((word, index) => {
    const flag = /^(--?[A-Za-z][\w.-]*)(?:=(.*))?$/s.exec(word);
    const next = words[index + 1] ?? "";
    if (!flag) return [];
    return [
      [
        flag[1]!,
        (flag[2] ?? (next.startsWith("-") ? "" : next)).replace(/^["']|["']$/g, ""),
      ] as const,
    ];
  });
};
