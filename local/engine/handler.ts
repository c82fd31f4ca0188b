import type { Work } from "../support/interruption.ts";
import type { JsonObject } from "../support/propertyValues.ts";
import type { Change } from "./diff.ts";
import type { Registration } from "./monitor.ts";
import type { ResourceState } from "./state.ts";

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
  foresee(inputs: JsonObject): JsonObject;
  /** Whether what the state describes still exists and is unchanged. */
  inspect(resource: ResourceState, work: Work): Promise<Condition>;
  /** Throws where an object that this stack did not create already has the name of the resource. */
  refuseExisting(resource: ResourceState, work: Work): Promise<void>;
  /** Creates or updates the resource and waits until it is ready. */
  apply(resource: ResourceState, work: Work): Promise<JsonObject>;
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
