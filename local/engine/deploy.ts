import { UserError, messageOf } from "../support/errors.ts";
import { Interrupted, type Work } from "../support/interruption.ts";
import { textAt } from "../support/propertyValues.ts";
import { type Handler, passthrough } from "./handler.ts";
import type { Registered, Registration } from "./monitor.ts";
import { kindOf, type Report, type ResourceChange } from "./report.ts";
import type { ResourceState, StackState } from "./state.ts";
import { decide, declared, inspected, type Step, withSecrets } from "./steps.ts";

export interface DeploymentOptions {
  state: StackState;
  report: Report;
  signal: AbortSignal;
  preview: boolean;
  handlerOf: (type: string, name: string) => Handler;
}

/** Brings resources from their recorded state to what the program declares, or only plans it. */
export class Deployment {
  readonly changes: ResourceChange[] = [];
  readonly failures = new Set<string>();
  readonly #options: DeploymentOptions;
  readonly #seen = new Set<string>();

  constructor(options: DeploymentOptions) {
    this.#options = options;
  }

  /** Plans or deploys one resource that the program declares. */
  async register(registration: Registration): Promise<Registered> {
    const { state, report, signal, preview } = this.#options;
    const { urn, refusal } = registration;
    report.hide(registration.inputs);
    try {
      if (signal.aborted) throw new Interrupted();
      if (refusal) throw new UserError(refusal);
      if (this.#seen.has(urn))
        throw new UserError(`the program declares ${urn} twice; give one of the two another name`);
      this.#seen.add(urn);
      const handler = this.#handlerOf(registration);
      const old = state.resources.get(urn);
      const step = decide(registration, old, handler);
      if (preview) return this.#foresee(registration, old, step, handler);
      return await this.#carryOut(registration, old, step, handler);
    } catch (error) {
      this.#fail(error, registration);
      throw error;
    }
  }

  /** Deletes what the program no longer declares and what was replaced. */
  async prune(): Promise<void> {
    const { state } = this.#options;
    const unseen = [...state.resources.values()].filter(({ urn }) => !this.#seen.has(urn));
    await this.remove([...unseen, ...state.obsolete]);
  }

  /** Deletes resources, dependents first, and removes them from the state. */
  async remove(resources: ResourceState[]): Promise<void> {
    const { state, preview } = this.#options;
    await removeInOrder(resources, async (resource) => {
      if (!preview) await this.#delete(resource);
      if (state.resources.get(resource.urn) === resource) state.resources.delete(resource.urn);
      state.obsolete = state.obsolete.filter((one) => one !== resource);
      if (!preview) await state.save();
      this.#record(resource, { action: "delete", reasons: [], changes: [] });
    });
  }

  #foresee(
    registration: Registration,
    old: ResourceState | undefined,
    step: Step,
    handler: Handler,
  ): Registered {
    this.#record(registration, step);
    if (old && step.action === "same") return { id: old.id, outputs: old.outputs };
    if (old && step.deleteFirst)
      for (const dependent of this.#dependentsOf(old)) dependent.gone = true;
    const kept = step.action === "update" ? old : undefined;
    const outputs = withSecrets(handler.foresee(step.inputs), registration.secretOutputs);
    return { id: kept?.id ?? "", outputs };
  }

  async #carryOut(
    registration: Registration,
    old: ResourceState | undefined,
    planned: Step,
    handler: Handler,
  ): Promise<Registered> {
    const { state } = this.#options;
    const work = this.#workOn(registration);
    const step = old ? await inspected(old, planned, handler, work) : planned;
    if (old && step.action === "same") {
      state.resources.delete(old.urn);
      state.resources.set(old.urn, { ...old, ...declared(registration) });
      this.#record(registration, step);
      return { id: old.id, outputs: old.outputs };
    }
    if (old && step.action === "replace" && !old.gone) {
      if (step.deleteFirst) await this.#clear(old);
      else state.obsolete.push(old);
    }
    const isUpdate = step.action === "update";
    const resource: ResourceState = {
      ...declared(registration),
      id: isUpdate ? (old?.id ?? "") : "",
      inputs: step.inputs,
      outputs: isUpdate ? (old?.outputs ?? {}) : {},
      generation: step.generation,
      pending: isUpdate && old?.pending !== "create" ? "update" : "create",
    };
    // checked before it is in the state, which from then on claims it for this stack
    if (resource.pending === "create" && !old?.pending) {
      const outputs = step.action === "replace" ? {} : (old?.outputs ?? {});
      await handler.refuseExisting({ ...resource, outputs }, work);
    }
    state.resources.delete(resource.urn);
    state.resources.set(resource.urn, resource);
    if (isReal(resource)) await state.save();
    const started = Date.now();
    const outputs = await handler.apply(resource, work);
    resource.outputs = withSecrets(outputs, registration.secretOutputs);
    resource.id = handler.idOf(resource, outputs);
    delete resource.pending;
    if (isReal(resource)) await state.save();
    this.#options.report.hide(resource.outputs);
    this.#record(registration, step, started);
    return { id: resource.id, outputs: resource.outputs };
  }

  /** Deletes a resource that is about to be replaced, after everything that is named after it. */
  async #clear(old: ResourceState): Promise<void> {
    const { state, report } = this.#options;
    const doomed = [...this.#dependentsOf(old), old];
    const [failure] = await removeInOrder(doomed, async (resource) => {
      if (resource.gone) return;
      await this.#delete(resource);
      resource.gone = true;
      delete resource.pending;
      await state.save();
      report.line(` - ${kindOf(resource.type)} ${resource.name} deleted, to be replaced`);
    });
    if (failure) throw failure as Error;
  }

  async #delete(resource: ResourceState): Promise<void> {
    if (resource.gone || !isReal(resource)) return;
    resource.pending = "delete";
    await this.#options.state.save();
    try {
      await this.#handlerOf(resource).remove(resource, this.#workOn(resource));
    } catch (error) {
      this.#fail(error, resource);
      throw error;
    }
  }

  /** Everything not yet declared in this run whose name or namespace comes from the resource, directly or not. */
  #dependentsOf(resource: ResourceState): ResourceState[] {
    const found = new Set<ResourceState>();
    const visit = (urn: string) => {
      for (const one of this.#options.state.resources.values()) {
        const { metadata = [], namespace = [] } = one.propertyDependencies;
        const isNext = [...metadata, ...namespace].includes(urn) && !found.has(one);
        if (!isNext || this.#seen.has(one.urn)) continue;
        found.add(one);
        visit(one.urn);
      }
    };
    visit(resource.urn);
    return [...found];
  }

  #handlerOf({ type, name, custom }: { type: string; name: string; custom: boolean }): Handler {
    return custom ? this.#options.handlerOf(type, name) : passthrough;
  }

  #workOn({ type, name }: { type: string; name: string }): Work {
    const { report, signal } = this.#options;
    return { signal, wait: report.waiting(`${kindOf(type)} ${name}`) };
  }

  #fail(error: unknown, { type, name }: { type: string; name: string }): void {
    if (error instanceof Interrupted) return;
    const message = messageOf(error);
    this.failures.add(error instanceof UserError ? message : `${kindOf(type)} ${name}: ${message}`);
  }

  #record(
    subject: Pick<ResourceState, "urn" | "type" | "name" | "custom" | "parent">,
    { action, reasons, changes }: Pick<Step, "action" | "reasons" | "changes">,
    started?: number,
  ): void {
    const { urn, type, name, parent } = subject;
    const change = { urn, type, name, parent, isReal: isReal(subject), action, reasons, changes };
    this.changes.push(change);
    if (this.#options.preview || action === "same" || !change.isReal) return;
    this.#options.report.done(change, started);
  }
}

function isReal({ custom, type }: { custom: boolean; type: string }): boolean {
  return custom && !type.startsWith("pulumi:");
}

/**
 * Removes resources in reverse order of their dependencies, in parallel where the order allows it. What a failed
 * removal depends on stays; all failures are returned.
 */
async function removeInOrder(
  resources: readonly ResourceState[],
  remove: (resource: ResourceState) => Promise<void>,
): Promise<unknown[]> {
  const tasks = new Map<ResourceState, Promise<boolean>>();
  const failures: unknown[] = [];
  const removed = (resource: ResourceState, chain: ResourceState[]): Promise<boolean> => {
    const task = tasks.get(resource) ?? attempt(resource, [...chain, resource]);
    tasks.set(resource, task);
    return task;
  };
  const attempt = async (resource: ResourceState, path: ResourceState[]): Promise<boolean> => {
    const users = resources.filter((one) => !path.includes(one) && needs(one, resource));
    const gone = await Promise.all(users.map((user) => removed(user, path)));
    if (gone.includes(false)) return false;
    try {
      await remove(resource);
      return true;
    } catch (error) {
      failures.push(error);
      return false;
    }
  };
  // newest first, so that resources without recorded dependencies also go in reverse order
  await Promise.all([...resources].reverse().map((resource) => removed(resource, [])));
  return failures;
}

/** Whether `one` cannot outlive `other`. */
function needs(one: ResourceState, other: ResourceState): boolean {
  return (
    one.dependencies.includes(other.urn) ||
    one.parent === other.urn ||
    one.provider?.startsWith(`${other.urn}::`) === true ||
    (textAt(other.inputs, "kind") === "Namespace" && one.id.startsWith(`${other.id}/`))
  );
}
