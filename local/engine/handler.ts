import { UserError } from "../support/errors.ts";
import type { Change } from "./diff.ts";
import type { Registration } from "./monitor.ts";
import type { ResourceState } from "./state.ts";
import type { JsonObject } from "./values.ts";

/** What a handler may use while it works on one resource. */
export interface Work {
  /** Says what the resource is waiting for. */
  wait(text: string): void;
  /** Aborted when the user interrupts the run. */
  signal: AbortSignal;
}

/** `failed` is beyond repair and has to be made anew; what has `changed` is applied again. */
export type Condition = "sound" | "gone" | "changed" | "failed";

/** What has to happen to a resource whose inputs changed in ways that cannot be made in place. */
export interface Replacement {
  /** Property paths that force it. */
  because: string[];
  /** The old one has to go before the new one can be there, because both have the same name. */
  deleteFirst: boolean;
}

/** How one family of resource types is made real. */
export interface Handler {
  /** Completes the inputs with what the provider chooses, such as a name. `generation` makes new names. */
  check(registration: Registration, generation: number): JsonObject;
  /** Whether these changes need a new object. */
  replacement(old: ResourceState, changes: Change[], inputs: JsonObject): Replacement | undefined;
  /** What a preview can say about the outputs. */
  foresee(inputs: JsonObject, old: ResourceState | undefined): JsonObject;
  /** Whether what the state describes is still there and as it was left. */
  inspect(resource: ResourceState, work: Work): Promise<Condition>;
  /** Throws where something that is not this stack's is already where the resource is to be created. */
  refuseExisting(resource: ResourceState, work: Work): Promise<void>;
  /** Creates or updates the resource and waits until it is ready. */
  apply(resource: ResourceState, timeout: number | undefined, work: Work): Promise<JsonObject>;
  /** The id of a resource whose outputs are known. */
  idOf(resource: ResourceState, outputs: JsonObject): string;
  /** Deletes the resource and waits until it is gone. */
  remove(resource: ResourceState, work: Work): Promise<void>;
}

/** Raised when waiting ends because the user interrupted the run. */
export class Interrupted extends Error {
  constructor() {
    super("interrupted");
  }
}

/** A pause that ends early when the run is interrupted. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Interrupted());
    const stop = () => {
      clearTimeout(timer);
      reject(new Interrupted());
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** Seconds in a Pulumi timeout such as `5m` or `1h30m`; undefined when none is given. */
export function secondsOf(text: string | undefined): number | undefined {
  if (!text) return undefined;
  const factors: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600 };
  const parts = [...text.matchAll(/([\d.]+)(ms|s|m|h)/g)];
  if (parts.map(([part]) => part).join("") !== text)
    throw new UserError(`the timeout ${text} must be written like 90s, 5m or 1h30m`);
  return parts.reduce(
    (sum, [, value, unit]) => sum + Number(value) * (factors[unit ?? ""] ?? 0),
    0,
  );
}
