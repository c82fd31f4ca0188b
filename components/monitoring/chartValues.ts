import * as pulumi from "@pulumi/pulumi";
import { isSecretName, secretsOf } from "../core/secretTexts.ts";

/** Values of a Helm chart: any tree of plain values, outputs among them. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type ChartValues = { [key: string]: any };

/**
 * The caller's values over ours: maps are merged key by key, everything else is replaced, lists included. `null` removes
 * a value of ours, so that the chart's own default applies. Neither side is changed.
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

/**
 * The same values with what is confidential encrypted in the state: by its name (`adminPassword`), or by its form
 * (a URL with a password). Outputs with other names stay secret or plain as the caller passed them.
 */
export function sealed(values: ChartValues): ChartValues {
  return sealedUnder("", values) as ChartValues;
}

function sealedUnder(name: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => sealedUnder(name, item));
  if (isMap(value)) {
    const isPair = typeof value["name"] === "string" && value["value"] !== undefined;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        sealedUnder(isPair && key === "value" ? (value["name"] as string) : key, inner),
      ]),
    );
  }
  const isSecret =
    typeof value === "string"
      ? secretsOf(name, value).length > 0
      : isOutput(value) && isSecretName(name);
  return isSecret ? pulumi.secret(value) : value;
}

const isOutput = (value: unknown) => pulumi.Output.isInstance(value) || value instanceof Promise;

/** An output is a value that is not known yet, never a map to look into. */
function isMap(value: unknown): value is ChartValues {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isOutput(value);
}

/** Keys that are set only if they have content: a chart would take an empty text for a value. */
export function given(values: ChartValues): ChartValues {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
