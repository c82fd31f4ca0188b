import type { Mlflow } from "../../../cli/mlflow.ts";
import type { StackModel } from "../../../cli/servedModels.ts";
import type { Written } from "../support/writers.ts";

/** The platform that something happens to, with three models, while 20 clients write and others predict. */
export interface Platform {
  readonly outputs: Record<string, string>;
  readonly models: readonly StackModel[];
  /** MLflow as a notebook's user. */
  readonly tracking: Mlflow;
  /** Throws unless a run can be written, a file stored and read, and every model predicts. */
  checkHealth(): Promise<void>;
}

/** One row of the table in docs/explanation/reliability.md. */
export interface Fault {
  /** What happens. */
  readonly name: string;
  /** What is done about it, and where to read on: Markdown, seen from docs/explanation. */
  readonly cure: string;
  /** Whether it takes too long for every test run: then only `npm test -- faults` runs it. */
  readonly isSlow?: true;
  /** What no client may notice. */
  readonly unnoticed?: readonly ("predictions" | "writes")[];
  /** How long the platform may take to be well again. Defaults to 120. */
  readonly withinSeconds?: number;
  /** How long each predicting client rests between two requests. Defaults to 100. */
  readonly predictionPauseMs?: number;
  /** Done before the clients are watched; returns what is done after them. */
  prepare?(platform: Platform): Promise<() => Promise<void>>;
  /**
   * Makes it happen, and ends it where it does not end by itself. Recovery is counted from when this returns, or else
   * from the time in milliseconds that it returns.
   */
  happen(platform: Platform): Promise<number | void>;
}

/** What was measured of one fault. */
export interface Measured {
  readonly name: string;
  /** From the end of the fault until everything works. */
  readonly recoverySeconds: number;
  readonly predictions: { readonly made: number; readonly failed: Record<string, number> };
  readonly writes: Written;
}
