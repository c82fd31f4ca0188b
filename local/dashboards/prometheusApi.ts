import { messageOf, UserError } from "../support/errors.ts";

export interface TimeRange {
  /** Seconds since 1970. */
  start: number;
  end: number;
  step: number;
}

/** What Prometheus answers for one series. */
export interface Sample {
  metric: Record<string, string>;
  /** Pairs of a time and a value as text. */
  values: [number, string][];
}

/** The last minutes, with about as many steps as a panel has room for, and none shorter than a scrape. */
export function lastMinutes(minutes: number, now = Date.now()): TimeRange {
  const step = Math.max(15, Math.round((minutes * 60) / 240));
  const end = Math.floor(now / 1000 / step) * step;
  return { start: end - minutes * 60, end, step };
}

export async function queryRange(url: string, expr: string, range: TimeRange): Promise<Sample[]> {
  const { start, end, step } = range;
  return await ask<Sample[]>(url, "query_range", { query: expr, start, end, step });
}

/** The values at the end of the range. */
export async function queryNow(url: string, expr: string, { end }: TimeRange): Promise<Sample[]> {
  type Vector = { metric: Record<string, string>; value: [number, string] }[];
  const vector = await ask<Vector>(url, "query", { query: expr, time: end });
  return vector.map(({ metric, value }) => ({ metric, values: [value] }));
}

async function ask<Result>(
  url: string,
  path: string,
  parameters: Record<string, string | number>,
): Promise<Result> {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) form.set(name, String(value));
  const body = await answer<Result>(url, path, form);
  if (body.status !== "success") {
    throw new UserError(`Prometheus refused ${parameters["query"]}: ${body.error}`);
  }
  return body.data.result;
}

interface Answer<Result> {
  status: string;
  error?: string;
  data: { result: Result };
}

async function answer<Result>(url: string, path: string, body: URLSearchParams) {
  try {
    const signal = AbortSignal.timeout(30_000);
    const response = await fetch(`${url}/api/v1/${path}`, { method: "POST", body, signal });
    return (await response.json()) as Answer<Result>;
  } catch (error) {
    throw new UserError(
      `no Prometheus answers at ${url} (${messageOf(error)}); look at \`kubectl get pods\`, or name another one with --prometheus URL`,
    );
  }
}
