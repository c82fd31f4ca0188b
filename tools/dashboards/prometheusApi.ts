import { messageOf, UserError } from "../../local/support/errors.ts";

/** One series of an answer: its labels, and its points as [seconds since 1970, value]. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [time: number, value: number])[];
}

export interface TimeRange {
  /** Seconds since 1970. */
  readonly start: number;
  readonly end: number;
  /** Seconds between two points. */
  readonly step: number;
}

/** The last minutes, with about as many steps as a panel has room for, and none shorter than a scrape. */
export function lastMinutes(minutes: number, now = Date.now()): TimeRange {
  const step = Math.max(15, Math.round((minutes * 60) / 240));
  const end = Math.floor(now / 1000 / step) * step;
  return { start: end - minutes * 60, end, step };
}

/** The values of a PromQL expression over a range. */
export async function queryRange(url: string, expr: string, range: TimeRange): Promise<Sample[]> {
  const { start, end, step } = range;
  const matrix = await ask(url, "query_range", { query: expr, start, end, step });
  return matrix.map(({ metric, values = [] }) => ({ labels: metric, points: values.map(point) }));
}

/** The value of a PromQL expression at a time, in seconds since 1970, or now. */
export async function queryAt(url: string, expr: string, time?: number): Promise<Sample[]> {
  const vector = await ask(url, "query", { query: expr, ...(time === undefined ? {} : { time }) });
  return vector.map(({ metric, value }) => ({
    labels: metric,
    points: value ? [point(value)] : [],
  }));
}

/** A target of Prometheus, and the result of its last scrape. */
export interface ScrapeTarget {
  readonly labels: Readonly<Record<string, string>>;
  /** `unknown` before the first scrape. */
  readonly health: "up" | "down" | "unknown";
  readonly lastError: string;
}

/**
 * The targets of now. The series `up` does not give them: for five minutes after a restart of Prometheus it still has
 * old ones.
 */
export async function scrapeTargets(url: string): Promise<ScrapeTarget[]> {
  const { data } = await answer<{ data: { activeTargets: ScrapeTarget[] } }>(
    `${url}/api/v1/targets?state=active`,
  );
  return data.activeTargets;
}

type Point = [time: number, value: string];
type Answer =
  | { status: "error"; error: string }
  | {
      status: "success";
      data: { result: { metric: Record<string, string>; value?: Point; values?: Point[] }[] };
    };

const point = ([time, value]: Point): readonly [number, number] => [
  time,
  Number(value.replace("Inf", "Infinity")),
];

async function ask(url: string, path: string, parameters: Record<string, string | number>) {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) form.set(name, String(value));
  const body = await answer<Answer>(`${url}/api/v1/${path}`, { method: "POST", body: form });
  if (body.status !== "success") {
    throw new UserError(`Prometheus refused ${parameters["query"]}: ${body.error}`);
  }
  return body.data.result;
}

async function answer<T>(url: string, request: RequestInit = {}): Promise<T> {
  try {
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(30_000) });
    return (await response.json()) as T;
  } catch (error) {
    throw new UserError(
      `no Prometheus answers at ${new URL(url).origin} (${messageOf(error)}); look at its pods and their logs, or name another one with --prometheus URL`,
    );
  }
}
