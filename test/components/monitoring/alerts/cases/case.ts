/** What an alert must say when it fires. */
export interface Firing {
  /** Every label but the alert's name. */
  labels: Record<string, string>;
  summary: string;
  description: string;
}

/** Some series over time, and what the alert makes of them. */
export interface Run {
  /** What happens, as a part of a sentence. */
  when: string;
  /** Time between two values. Defaults to 15 seconds; longer makes long runs quick. */
  interval?: string;
  /** Values over time, in promtool's short form: `1x20` is 1 and twenty times 1 again. */
  series: Record<string, string>;
  /** Times at which exactly this fires. */
  fires?: Record<string, Firing[]>;
  /** Times at which nothing fires. */
  quiet?: string[];
}

/** Runs of every alert by its name: at least one in which it fires, and one in which it does not. */
export type AlertCases = Record<string, Run[]>;
