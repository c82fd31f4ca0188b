import { changesBetween, formatPath, isUnder, parsePath, withIgnored } from "./diff.ts";
import type { Change } from "./diff.ts";
import { secondsOf } from "./handler.ts";
import type { Handler, Work } from "./handler.ts";
import type { Registration } from "./monitor.ts";
import type { Action } from "./report.ts";
import type { ResourceState } from "./state.ts";
import { secret } from "./values.ts";
import type { JsonObject } from "./values.ts";

/** What has to be done to one resource, and why. */
export interface Step {
  action: Action;
  /** The inputs to reach, completed by the handler. */
  inputs: JsonObject;
  changes: Change[];
  /** In words, where the changes alone do not say it. */
  reasons: string[];
  /** For a replacement: the old object goes before the new one comes. */
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
  const inputs = inputsOf(registration, old, handler, generation);
  const step = { inputs, changes: [], reasons: [], deleteFirst: false, generation };
  if (!old) return { ...step, action: "create" };
  if (old.gone) return { ...step, action: "replace", reasons: ["what it depends on is replaced"] };

  const changes = registration.custom ? changesBetween(old.inputs, inputs) : [];
  const replacement = replacementOf(registration, old, handler, changes, inputs);
  if (replacement) {
    const deleteFirst = registration.deleteBeforeReplace === true || replacement.deleteFirst;
    const next = deleteFirst ? generation : generation + 1;
    return {
      action: "replace",
      inputs: inputsOf(registration, old, handler, next),
      changes,
      reasons: [`${replacement.because.join(", ")} cannot change in place`],
      deleteFirst,
      generation: next,
    };
  }
  if (old.pending === "delete")
    return {
      ...step,
      action: "replace",
      changes,
      reasons: ["its deletion was interrupted"],
      deleteFirst: true,
    };
  if (changes.length > 0) return { ...step, action: "update", changes };
  if (old.pending)
    return { ...step, action: "update", reasons: ["the last run did not finish it"] };
  return { ...step, action: "same" };
}

function inputsOf(
  registration: Registration,
  old: ResourceState | undefined,
  handler: Handler,
  generation: number,
): JsonObject {
  const checked = handler.check(registration, generation);
  if (!old) return checked;
  return withIgnored(old.inputs, checked, registration.ignoreChanges) as JsonObject;
}

function replacementOf(
  { replaceOnChanges }: Registration,
  old: ResourceState,
  handler: Handler,
  changes: Change[],
  inputs: JsonObject,
) {
  if (changes.length === 0) return undefined;
  const asked = changes
    .filter(({ path }) => replaceOnChanges.some((pattern) => isUnder(path, parsePath(pattern))))
    .map(({ path }) => formatPath(path));
  const forced = handler.replacement(old, changes, inputs);
  if (forced || asked.length === 0) return forced;
  return { because: asked, deleteFirst: true };
}

/** Looks at the real thing before trusting the plan: it may be gone, or have failed for good. */
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
  const { urn, type, name, custom, parent, provider, protect, retainOnDelete } = registration;
  const { dependencies, propertyDependencies, timeouts } = registration;
  return {
    ...{ urn, type, name, custom, parent, provider, protect, retainOnDelete },
    ...{ dependencies, propertyDependencies, deleteTimeout: secondsOf(timeouts.delete) },
  };
}

/** The outputs with those marked as secret that the resource's type says are. */
export function withSecrets(outputs: JsonObject, keys: string[]): JsonObject {
  const marked = keys.filter((key) => outputs[key] !== undefined);
  return {
    ...outputs,
    ...Object.fromEntries(marked.map((key) => [key, secret(outputs[key] ?? null)])),
  };
}
