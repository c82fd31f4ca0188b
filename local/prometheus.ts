import { UserError } from "./support/errors.ts";

/** One series of an answer: its labels, and its points as [seconds since 1970, value]. */
export interface Series {
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

/** Asks Prometheus for the value of an expression now, or over a range. */
export async function queryPrometheus(
  url: string,
  expression: string,
  range?: TimeRange,
): Promise<Series[]> {
  const parameters = new URLSearchParams({ query: expression });
  for (const [name, value] of Object.entries(range ?? {})) parameters.set(name, String(value));
  const path = range === undefined ? "query" : "query_range";
  const response = await fetch(`${url}/api/v1/${path}`, {
    method: "POST",
    body: parameters,
    signal: AbortSignal.timeout(30_000),
  });
  const answer = (await response.json()) as Answer;
  if (answer.status !== "success") {
    throw new UserError(`Prometheus refuses the query \`${expression}\`: ${answer.error}`);
  }
  const { resultType, result } = answer.data;
  if (resultType === "scalar") return [{ labels: {}, points: [point(result)] }];
  return result.map(({ metric, value, values }) => ({
    labels: metric,
    points: (values ?? (value ? [value] : [])).map(point),
  }));
}

type Point = [time: number, value: string];
type Answer =
  | { status: "error"; error: string }
  | {
      status: "success";
      data:
        | { resultType: "scalar"; result: Point }
        | {
            resultType: "vector" | "matrix";
            result: { metric: Record<string, string>; value?: Point; values?: Point[] }[];
          };
    };

const point = ([time, value]: Point): readonly [number, number] => [
  time,
  Number(value.replace("Inf", "Infinity")),
];
