import { type Json, type JsonObject, type Recorded } from "./recorder.ts";
import { isObject, readable } from "./wire.ts";

/** A pod that some workload makes. */
export interface PodTemplate {
  readonly workload: string;
  /** Where the template is among the inputs. */
  readonly path: string;
  readonly labels: JsonObject;
  readonly spec: JsonObject;
}

/** The template of every pod that the resources make: Deployments, StatefulSets, Jobs and CronJobs. */
export function podTemplates(resources: readonly Recorded[]): PodTemplate[] {
  return resources.flatMap(({ name, inputs }) => {
    const spec = inputs["spec"];
    const ofJobs = at(spec, "jobTemplate", "spec", "template");
    const template = at(spec, "template") ?? ofJobs;
    const path = ofJobs ? "spec.jobTemplate.spec.template" : "spec.template";
    if (!isObject(at(template, "spec"))) return [];
    const known = readable(template!) as { metadata: { labels: JsonObject }; spec: JsonObject };
    return [{ workload: name, path, labels: known.metadata.labels, spec: known.spec }];
  });
}

/** The containers of a pod, those that run before it starts included. */
export function containersOf(spec: JsonObject): JsonObject[] {
  return [...list(spec["initContainers"]), ...list(spec["containers"])];
}

/** Every way in which a pod is less guarded than all of ours must be; empty for a good one. */
export function podFaults(spec: JsonObject): string[] {
  const faults: string[] = [];
  const demand = (holds: boolean, fault: string) => void (holds || faults.push(fault));
  const security = spec["securityContext"];
  demand(spec["automountServiceAccountToken"] === false, "mounts a service account token");
  demand(spec["hostNetwork"] !== true && spec["hostPID"] !== true, "shares the node's namespaces");
  demand(at(security, "runAsNonRoot") === true, "may run as root");
  demand(Number(at(security, "runAsUser")) > 0, "names no user");
  demand(at(security, "seccompProfile", "type") === "RuntimeDefault", "has no seccomp profile");
  demand(Number(spec["terminationGracePeriodSeconds"]) >= 10, "has no time to stop");
  for (const volume of list(spec["volumes"])) {
    const kinds = ["emptyDir", "secret", "configMap", "persistentVolumeClaim", "projected"];
    demand(
      kinds.some((kind) => kind in volume),
      "mounts a kind of volume that is not allowed",
    );
    demand(
      !("emptyDir" in volume) || typeof at(volume, "emptyDir", "sizeLimit") === "string",
      "has an unbounded folder",
    );
  }
  for (const container of containersOf(spec)) {
    const own = container["securityContext"];
    demand(at(own, "allowPrivilegeEscalation") === false, "may gain privileges");
    demand(at(own, "readOnlyRootFilesystem") === true, "may write to its root file system");
    demand(JSON.stringify(at(own, "capabilities")) === '{"drop":["ALL"]}', "keeps capabilities");
    demand(at(own, "privileged") !== true, "is privileged");
    for (const bound of ["requests", "limits"]) {
      for (const resource of ["cpu", "memory"]) {
        const amount = at(container, "resources", bound, resource);
        demand(typeof amount === "string" && amount !== "", `has no ${resource} ${bound}`);
      }
    }
  }
  return faults;
}

/** The value at the end of a path, or undefined where the path breaks off. */
export function at(value: Json | undefined, ...path: string[]): Json | undefined {
  return path.reduce<Json | undefined>(
    (inner, key) => (isObject(inner) ? inner[key] : undefined),
    value,
  );
}

export const list = (value: Json | undefined): JsonObject[] =>
  (Array.isArray(value) ? value : []).filter(isObject);
