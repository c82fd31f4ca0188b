import { setTimeout as delay } from "node:timers/promises";
import type { Change } from "./diff.ts";
import type { Registration } from "./monitor.ts";
import type { JsonObject } from "./propertyValues.ts";
import type { ResourceState } from "./state.ts";

/** What a handler may use while it works on one resource. */
export interface Work {
  /** Reports what the resource is waiting for. */
  wait(text: string): void;
  /** Aborted when the user interrupts the run. */
  signal: AbortSignal;
}

/** `failed` cannot be repaired and is replaced; what has `changed` is applied again. */
export type Condition = "sound" | "gone" | "changed" | "failed";

/** Why a resource is replaced instead of updated. */
export interface Replacement {
  /** Property paths that force it. */
  because: string[];
  /** Whether the old one is deleted first, because both have the same name. */
  deleteFirst: boolean;
}

/** How one family of resource types is managed. */
export interface Handler {
  /** Completes the inputs with what the provider chooses, such as a name. `generation` makes new names. */
  check(registration: Registration, generation: number): JsonObject;
  /** Whether these changes require a new object. */
  replacement(old: ResourceState, changes: Change[], inputs: JsonObject): Replacement | undefined;
  /** The outputs that a preview can predict. */
  foresee(inputs: JsonObject, old: ResourceState | undefined): JsonObject;
  /** Whether what the state describes is still there and as it was left. */
  inspect(resource: ResourceState, work: Work): Promise<Condition>;
  /** Throws where an object that this stack did not create is already where the resource is to be created. */
  refuseExisting(resource: ResourceState, work: Work): Promise<void>;
  /** Creates or updates the resource and waits until it is ready. */
  apply(resource: ResourceState, work: Work): Promise<JsonObject>;
  /** The id of a resource whose outputs are known. */
  idOf(resource: ResourceState, outputs: JsonObject): string;
  /** Deletes the resource and waits until it is gone. */
  remove(resource: ResourceState, work: Work): Promise<void>;
}

/** Providers and components exist only in the state: they are what they were declared to be. */
export const passthrough: Handler = {
  check: ({ inputs }) => inputs,
  replacement: () => undefined,
  foresee: (inputs) => inputs,
  inspect: () => Promise.resolve("sound"),
  refuseExisting: () => Promise.resolve(),
  apply: ({ inputs }) => Promise.resolve(inputs),
  idOf: ({ id, name }) => id || name,
  remove: () => Promise.resolve(),
};

/** Raised when waiting ends because the user interrupted the run. */
export class Interrupted extends Error {}

/** A pause that ends early when the run is interrupted. */
export const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  delay(milliseconds, undefined, { signal }).catch(() => {
    throw new Interrupted();
  });
