import type { SeenResource } from "./rule.ts";
import { at } from "./values.ts";

const charts = /^kubernetes:helm\.sh\/v\d+:(Release|Chart)$/;

/** The values that a Helm chart is given; undefined for what is no chart. */
export const chartValues = ({ type, values }: SeenResource): unknown =>
  charts.test(type) ? at(values, "values") : undefined;
