import { createHash } from "node:crypto";
import {
  isObject,
  type JsonObject,
  objectAt,
  textAt,
  unwrapped,
} from "../support/propertyValues.ts";
import { type Change, formatPath } from "./diff.ts";
import type { Replacement } from "./handler.ts";

/** Fields that the API server refuses to change, by kind. */
const fixed: Record<string, string[]> = {
  Deployment: ["spec.selector"],
  DaemonSet: ["spec.selector"],
  Job: ["spec.completionMode", "spec.completions", "spec.selector", "spec.template"],
  PersistentVolumeClaim: ["spec"],
  ClusterRoleBinding: ["roleRef"],
  RoleBinding: ["roleRef"],
  Secret: ["type"],
  Service: ["spec.clusterIP"],
  StatefulSet: ["spec"],
  StorageClass: ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"],
};

/** Fields below those that it does change. */
const changeable: Record<string, string[]> = {
  PersistentVolumeClaim: ["spec.resources.requests"],
  StatefulSet: [
    ...["spec.minReadySeconds", "spec.persistentVolumeClaimRetentionPolicy", "spec.replicas"],
    ...["spec.revisionHistoryLimit", "spec.template", "spec.updateStrategy"],
  ],
};

const contents = ["data", "stringData", "binaryData", "immutable"];
const autonamed = "pulumi.com/autonamed";

/** Whether the engine chose the object's name. Marked as the Kubernetes provider does. */
export function isAutonamed(inputs: JsonObject): boolean {
  return textAt(inputs, "metadata", "annotations", autonamed) === "true";
}

/** The inputs with a name: the given one, or one the engine makes. */
export function withName(
  inputs: JsonObject,
  urn: string,
  logicalName: string,
  generation: number,
): JsonObject {
  const result = structuredClone(inputs);
  result["metadata"] ??= {};
  const metadata = unwrapped(result["metadata"]);
  if (!isObject(metadata) || metadata["name"] !== undefined) return result;
  metadata["name"] = autoname(urn, logicalName, generation);
  metadata["annotations"] = { ...objectAt(metadata, "annotations"), [autonamed]: "true" };
  return result;
}

/** `<logical>-<hash>`, which changes with the generation. */
export function autoname(urn: string, logicalName: string, generation: number): string {
  const hash = createHash("sha256").update(`${urn} ${generation}`).digest("hex").slice(0, 8);
  return `${logicalName}-${hash}`;
}

/** Which changes need a new object: immutable fields, and the content of autonamed or immutable objects. */
export function replacementOf(
  old: JsonObject,
  changes: Change[],
  next: JsonObject,
): Replacement | undefined {
  const kind = textAt(old, "kind") ?? "";
  const fields = ["kind", "metadata.name", "metadata.namespace", ...(fixed[kind] ?? [])];
  const holdsContent = kind === "Secret" || kind === "ConfigMap";
  if (holdsContent && (isAutonamed(old) || old["immutable"] === true)) fields.push(...contents);
  const isUnder = ({ path }: Change, paths: string[]) =>
    paths.some((one) => one.split(".").every((step, index) => step === path[index]));
  const because = changes
    .filter((change) => isUnder(change, fields) && !isUnder(change, changeable[kind] ?? []))
    .map(({ path }) => formatPath(path));
  if (because.length === 0) return undefined;
  const keepsName = ["name", "namespace"].every(
    (key) => textAt(old, "metadata", key) === textAt(next, "metadata", key),
  );
  return { because, deleteFirst: keepsName && !isAutonamed(next) };
}
