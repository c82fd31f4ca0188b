import { UserError, messageOf } from "../support/errors.ts";
import { formatPath } from "./diff.ts";
import type { Change } from "./diff.ts";
import { Interrupted, secondsOf } from "./handler.ts";
import type { Handler, Work } from "./handler.ts";
import { componentHandler } from "./handlers.ts";
import type { Registered, Registration } from "./monitor.ts";
import { removeInOrder } from "./removal.ts";
import { kindOf, marks } from "./report.ts";
import type { Action, Report } from "./report.ts";
import type { ResourceState, StackState } from "./state.ts";
import { declared, decide, inspected, withSecrets } from "./steps.ts";
import type { Step } from "./steps.ts";

/** One line of the plan, or of what was done. */
export interface ResourceChange {
  urn: string;
  type: string;
  name: string;
  parent?: string;
  /** Whether it is a thing of its own, not a component or a provider. */
  isReal: boolean;
  action: Action;
  reasons: string[];
  changes: Change[];
}

export interface DeploymentOptions {
  state: StackState;
  report: Report;
  signal: AbortSignal;
  preview: boolean;
  handlerOf: (type: string, name: string) => Handler;
}

const pastTense: Record<Action, string> = {
  same: "unchanged",
  create: "created",
  update: "updated",
  replace: "replaced",
  delete: "deleted",
};

/** Brings resources from where the state says they are to where the program wants them, or only says how. */
export class Deployment {
  readonly changes: ResourceChange[] = [];
  readonly failures = new Set<string>();
  readonly #options: DeploymentOptions;
  readonly #seen = new Set<string>();

  constructor(options: DeploymentOptions) {
    this.#options = options;
  }

  /** Answers for one declared resource. */
  async register(registration: Registration): Promise<Registered> {
    const { report, signal, preview } = this.#options;
    report.hide(registration.inputs);
    try {
      if (signal.aborted) throw new Interrupted();
      if (this.#seen.has(registration.urn))
        throw new UserError(
          `the program declares ${registration.urn} twice; give one of the two another name`,
        );
      this.#seen.add(registration.urn);
      const handler = this.#handlerOf(registration);
      const old = this.#options.state.resources.get(registration.urn);
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

  /** Deletes resources, those that need others first, and forgets them. */
  async remove(resources: ResourceState[]): Promise<void> {
    const { state, preview } = this.#options;
    const locked = resources.filter(({ protect }) => protect);
    for (const { type, name } of locked)
      this.failures.add(
        `${kindOf(type)} ${name} is protected and cannot be deleted; set protect: false in the program and run up first`,
      );
    if (locked.length > 0) return;
    await removeInOrder(resources, async (resource) => {
      if (!preview) await this.#delete(resource);
      if (state.resources.get(resource.urn) === resource) state.resources.delete(resource.urn);
      state.obsolete = state.obsolete.filter((one) => one !== resource);
      if (!preview) state.save();
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
    const outputs = withSecrets(handler.foresee(step.inputs, kept), registration.secretOutputs);
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
    const resource: ResourceState = {
      ...declared(registration),
      id: step.action === "update" ? (old?.id ?? "") : "",
      inputs: step.inputs,
      outputs: step.action === "update" ? (old?.outputs ?? {}) : {},
      generation: step.generation,
      pending: step.action === "update" && old?.pending !== "create" ? "update" : "create",
    };
    // before it is in the state, which says from then on that it is this stack's
    if (resource.pending === "create" && !old?.pending) {
      const outputs = step.action === "replace" ? {} : (old?.outputs ?? {});
      await handler.refuseExisting({ ...resource, outputs }, work);
    }
    state.resources.delete(resource.urn);
    state.resources.set(resource.urn, resource);
    if (isReal(resource)) state.save();
    const { create, update } = registration.timeouts;
    const timeout = secondsOf(resource.pending === "create" ? create : update);
    const started = Date.now();
    const outputs = await handler.apply(resource, timeout, work);
    resource.outputs = withSecrets(outputs, registration.secretOutputs);
    resource.id = handler.idOf(resource, outputs);
    delete resource.pending;
    if (isReal(resource)) state.save();
    this.#options.report.hide(resource.outputs);
    this.#record(registration, step, started);
    return { id: resource.id, outputs: resource.outputs };
  }

  /** Deletes a resource that is about to be made anew, and first what cannot live without it. */
  async #clear(old: ResourceState): Promise<void> {
    const { state, report } = this.#options;
    const doomed = [...this.#dependentsOf(old), old];
    const locked = doomed.find(({ protect }) => protect);
    if (locked)
      throw new UserError(
        `${kindOf(locked.type)} ${locked.name} is protected and would have to be replaced; set protect: false in the program first`,
      );
    const [failure] = await removeInOrder(doomed, async (resource) => {
      if (resource.gone) return;
      await this.#delete(resource);
      resource.gone = true;
      delete resource.pending;
      state.save();
      report.line(` - ${kindOf(resource.type)} ${resource.name} deleted to be made anew`);
    });
    if (failure) throw failure as Error;
  }

  async #delete(resource: ResourceState): Promise<void> {
    if (resource.gone || resource.retainOnDelete || !isReal(resource)) return;
    resource.pending = "delete";
    this.#options.state.save();
    try {
      await this.#handlerOf(resource).remove(resource, this.#workOn(resource));
    } catch (error) {
      this.#fail(error, resource);
      throw error;
    }
  }

  /** Everything not yet declared in this run whose name or place comes from the resource, directly or not. */
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
    return custom ? this.#options.handlerOf(type, name) : componentHandler;
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
    const real = isReal(subject);
    this.changes.push({ urn, type, name, parent, isReal: real, action, reasons, changes });
    if (this.#options.preview || action === "same" || !real) return;
    const why = reasons[0] ?? changes.map(({ path }) => formatPath(path)).join(", ");
    const detail = why && action !== "create" ? `: ${why}` : "";
    const time = started ? ` (${((Date.now() - started) / 1000).toFixed(1)} s)` : "";
    const line = `${kindOf(type)} ${name} ${pastTense[action]}${detail}${time}`;
    this.#options.report.line(` ${marks[action]} ${line}`);
  }
}

function isReal({ custom, type }: { custom: boolean; type: string }): boolean {
  return custom && !type.startsWith("pulumi:");
}
