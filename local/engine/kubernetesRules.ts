import { createHash } from "node:crypto";
import { isUnder, formatPath, parsePath } from "./diff.ts";
import type { Change } from "./diff.ts";
import type { Replacement } from "./handler.ts";
import { isObject, objectAt, textAt, unwrapped } from "./values.ts";
import type { JsonObject } from "./values.ts";

interface Rule {
  /** Fields the API server refuses to change. */
  fixed: string[];
  /** Fields below those that it does change. */
  except?: string[];
}

const everywhere = ["kind", "metadata.name", "metadata.namespace"];
const rules: Record<string, Rule> = {
  ClusterRoleBinding: { fixed: ["roleRef"] },
  DaemonSet: { fixed: ["spec.selector"] },
  Deployment: { fixed: ["spec.selector"] },
  Job: { fixed: ["spec.completionMode", "spec.completions", "spec.selector", "spec.template"] },
  PersistentVolumeClaim: { fixed: ["spec"], except: ["spec.resources.requests"] },
  Pod: {
    fixed: ["spec"],
    except: [
      "spec.containers[*].image",
      "spec.initContainers[*].image",
      "spec.activeDeadlineSeconds",
    ],
  },
  ReplicaSet: { fixed: ["spec.selector"] },
  RoleBinding: { fixed: ["roleRef"] },
  Secret: { fixed: ["type"] },
  Service: { fixed: ["spec.clusterIP", "spec.clusterIPs"] },
  StatefulSet: {
    fixed: ["spec"],
    except: [
      "spec.minReadySeconds",
      "spec.ordinals",
      "spec.persistentVolumeClaimRetentionPolicy",
      "spec.replicas",
      "spec.revisionHistoryLimit",
      "spec.template",
      "spec.updateStrategy",
    ],
  },
  StorageClass: { fixed: ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"] },
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
  const rule = rules[kind];
  const fixed = [...everywhere, ...(rule?.fixed ?? [])];
  const holdsContent = kind === "Secret" || kind === "ConfigMap";
  if (holdsContent && (isAutonamed(old) || old["immutable"] === true)) fixed.push(...contents);
  const isAny = ({ path }: Change, patterns: string[]) =>
    patterns.some((pattern) => isUnder(path, parsePath(pattern)));
  const because = changes
    .filter((change) => isAny(change, fixed) && !isAny(change, rule?.except ?? []))
    .map(({ path }) => formatPath(path));
  if (because.length === 0) return undefined;
  const keepsName = ["name", "namespace"].every(
    (key) => textAt(old, "metadata", key) === textAt(next, "metadata", key),
  );
  return { because, deleteFirst: keepsName && !isAutonamed(next) };
}
