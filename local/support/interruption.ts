import { setTimeout as delay } from "node:timers/promises";

/** Work that can be interrupted, and reports what it waits for. */
export interface Work {
  wait(text: string): void;
  /** Aborted when the user interrupts the run. */
  signal: AbortSignal;
}

/** Raised when waiting ends because the user interrupted the run. */
export class Interrupted extends Error {}

/** A pause that ends early when the run is interrupted. */
export const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  delay(milliseconds, undefined, { signal }).catch(() => {
    throw new Interrupted();
  });
