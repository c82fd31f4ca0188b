import type { Work } from "../support/interruption.ts";
import { type JsonObject, secret } from "../support/propertyValues.ts";
import { type Change, changesBetween } from "./diff.ts";
import type { Handler } from "./handler.ts";
import type { Registration } from "./monitor.ts";
import type { Action } from "./report.ts";
import type { ResourceState } from "./state.ts";

/** What the run does to one resource, and why. */
export interface Step {
  action: Action;
  /** The inputs to reach, completed by the handler. */
  inputs: JsonObject;
  changes: Change[];
  /** In words, where the changes alone do not explain it. */
  reasons: string[];
  /** For a replacement: the old object is deleted before the new one is created. */
  deleteFirst: boolean;
  generation: number;
}

/** Compares what the program declares with what the last run left. */
export function decide(
  registration: Registration,
  old: ResourceState | undefined,
  handler: Handler,
): Step {
  const generation = old?.generation ?? 1;
  const inputs = handler.check(registration, generation);
  const step = { inputs, changes: [], reasons: [], deleteFirst: false, generation };
  if (!old) return { ...step, action: "create" };
  if (old.gone)
    return { ...step, action: "replace", reasons: ["a resource that it depends on is replaced"] };

  const changes = registration.custom ? changesBetween(old.inputs, inputs) : [];
  const replacement = changes.length > 0 ? handler.replacement(old, changes, inputs) : undefined;
  if (replacement) {
    const deleteFirst = registration.deleteBeforeReplace || replacement.deleteFirst;
    const next = deleteFirst ? generation : generation + 1;
    return {
      action: "replace",
      inputs: handler.check(registration, next),
      changes,
      reasons: [`${replacement.because.join(", ")} cannot change in place`],
      deleteFirst,
      generation: next,
    };
  }
  if (old.pending === "delete") {
    const reasons = ["its deletion was interrupted"];
    return { ...step, action: "replace", changes, reasons, deleteFirst: true };
  }
  if (changes.length > 0) return { ...step, action: "update", changes };
  if (old.pending)
    return { ...step, action: "update", reasons: ["the last run did not finish it"] };
  return { ...step, action: "same" };
}

/** Reads the real object before relying on the plan: it may be gone, or have failed permanently. */
export async function inspected(
  old: ResourceState,
  step: Step,
  handler: Handler,
  work: Work,
): Promise<Step> {
  if (old.gone || (step.action !== "same" && step.action !== "update")) return step;
  const found = await handler.inspect(old, work);
  if (found === "failed")
    return { ...step, action: "replace", reasons: ["the last one failed"], deleteFirst: true };
  if (found === "gone" && step.action === "same")
    return { ...step, action: "create", reasons: ["it is gone from the cluster"] };
  if (found === "changed" && step.action === "same")
    return { ...step, action: "update", reasons: ["it is not as the last run left it"] };
  return step;
}

/** The part of the state that comes straight from the program. */
export function declared(registration: Registration) {
  const { urn, type, name, custom, parent, provider } = registration;
  const { dependencies, propertyDependencies } = registration;
  return { urn, type, name, custom, parent, provider, dependencies, propertyDependencies };
}

/** The outputs with those marked as secret that the resource's type declares secret. */
export function withSecrets(outputs: JsonObject, keys: string[]): JsonObject {
  const marked = keys.filter((key) => outputs[key] !== undefined);
  return {
    ...outputs,
    ...Object.fromEntries(marked.map((key) => [key, secret(outputs[key] ?? null)])),
  };
}
