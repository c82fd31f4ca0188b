import * as pulumi from "@pulumi/pulumi";

/** Values of a Helm chart: any tree of plain values, outputs among them. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type ChartValues = { [key: string]: any };

/**
 * The caller's values over ours: maps are merged key by key, everything else is replaced, lists included. `null` takes
 * a value of ours away, so that the chart's own default holds. Neither side is changed.
 */
export function mergeValues(ours: ChartValues, theirs: ChartValues = {}): ChartValues {
  const merged: ChartValues = { ...ours };
  for (const [key, value] of Object.entries(theirs) as [string, unknown][]) {
    const own: unknown = ours[key];
    if (value === undefined) continue;
    if (value === null) delete merged[key];
    else merged[key] = isMap(own) && isMap(value) ? mergeValues(own, value) : value;
  }
  return merged;
}

/** An output is a value that is not known yet, never a map to look into. */
function isMap(value: unknown): value is ChartValues {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Promise) &&
    !pulumi.Output.isInstance(value)
  );
}

/** Keys that are sent only where there is something to send: a chart takes an empty text for a value. */
export function given(values: ChartValues): ChartValues {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
