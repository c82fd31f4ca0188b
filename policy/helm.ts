import type { SeenResource } from "./rule.ts";
import { at } from "./values.ts";

const charts = /^kubernetes:helm\.sh\/v\d+:(Release|Chart)$/;

/** The values of a Helm release; undefined for other resources. */
export const chartValues = ({ type, values }: SeenResource): unknown =>
  charts.test(type) ? at(values, "values") : undefined;
