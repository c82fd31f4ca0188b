import type { Facts } from "./facts.ts";

/** Something that is wrong: what people see, why it is so, and the command or setting that fixes it. */
export interface Finding {
  readonly symptom: string;
  readonly cause: string;
  readonly fix: string;
  /** Whether the platform works all the same. */
  readonly isWarning?: boolean;
}

/** One thing that the doctor looks at. */
export interface Check {
  /** Name in the output, in `--json` and in docs/troubleshooting.md. */
  readonly name: string;
  /** Whether `up` runs it before it changes anything. */
  readonly isPreflight?: boolean;
  /** How long it may take; 10 unless said otherwise. */
  readonly withinSeconds?: number;
  /** Throws Skipped where it cannot look. */
  readonly run: (facts: Facts) => Promise<Seen>;
}

/** What a check saw where all is well, or what is wrong. */
export type Seen = string | readonly Finding[];

/** The findings, or what was seen where there are none. */
export const findingsOr = (findings: readonly Finding[], seen: string): Seen =>
  findings.length > 0 ? findings : seen;
