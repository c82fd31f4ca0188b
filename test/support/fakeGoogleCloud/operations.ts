import type { Fields } from "./api.ts";
import { GoogleError, notFound } from "./googleError.ts";

/** Work that Google does after it has answered. */
export interface Operation {
  readonly name: string;
  readonly target: string;
  readonly type: string;
  /** What the finished operation answers with, where its API says so. */
  response?: Fields;
  /** Why it failed. */
  error?: GoogleError;
  isDone: boolean;
}

interface Pending extends Operation {
  pollsLeft: number;
  finish(): Fields | undefined;
}

/** Long-running operations of every API. They go on when someone asks after them, so that nothing waits for a clock. */
export class Operations {
  readonly #pending = new Map<string, Pending>();
  #count = 0;

  /** Begins one that has its effect when it has been asked after `polls` times. */
  start(
    type: string,
    target: string,
    finish: () => Fields | undefined = () => undefined,
    polls = 1,
  ): Operation {
    const name = `operation-${++this.#count}`;
    const operation = { name, target, type, isDone: false, pollsLeft: polls, finish };
    this.#pending.set(name, operation);
    return operation;
  }

  poll(name: string): Operation {
    const operation = this.#pending.get(name);
    if (operation === undefined) throw notFound(`operations/${name}`);
    if (!operation.isDone && --operation.pollsLeft <= 0) {
      operation.isDone = true;
      try {
        const response = operation.finish();
        if (response !== undefined) operation.response = response;
      } catch (error) {
        if (!(error instanceof GoogleError)) throw error;
        operation.error = error;
      }
    }
    return operation;
  }

  isBusy(target: string): boolean {
    return [...this.#pending.values()].some((one) => !one.isDone && one.target === target);
  }
}

/** How most of Google's newer APIs write an operation. */
export function longRunning(operation: Operation, prefix: string): Fields {
  const { name, isDone, response, error } = operation;
  const outcome = error
    ? { error: { code: error.code, message: error.message } }
    : { response: response ?? {} };
  return {
    name: `${prefix}${name}`,
    metadata: { target: operation.target, verb: operation.type },
    ...(isDone ? { done: true, ...outcome } : { done: false }),
  };
}
