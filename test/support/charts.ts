import { type JsonObject, type Recorded } from "./recorder.ts";
import { isObject, readable } from "./wire.ts";

/** The one Helm release among the resources. */
export function releaseOf(resources: readonly Recorded[]): Recorded {
  const releases = resources.filter(({ type }) => type === "kubernetes:helm.sh/v3:Release");
  if (releases.length !== 1) throw new Error(`there are ${releases.length} releases`);
  return releases[0]!;
}

/** The values that a chart is sent. */
export function valuesOf(resources: readonly Recorded[]): JsonObject {
  const values = releaseOf(resources).inputs["values"];
  if (!isObject(values)) throw new Error("the release has no values");
  return readable(values) as JsonObject;
}
