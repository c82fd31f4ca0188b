import type { Query } from "./panel.ts";

/** Window of a rate that fits the resolution of the graph; Grafana puts it in. */
export const window = "$__rate_interval";

/** Median, and the time within which 95 % and 99 % were done, from a histogram in seconds. */
export const quantiles = (histogram: string, selector: string): Query[] =>
  [0.5, 0.95, 0.99].map((quantile) => ({
    expr: `histogram_quantile(${quantile}, sum by (le) (rate(${histogram}_bucket{${selector}}[${window}])))`,
    legend: `p${quantile * 100}`,
  }));

/** Percentage of failures; 0 while nothing failed, and a gap while nothing happened. */
export const failurePercent = (failures: string, all: string, by = ""): string => {
  const sum = by ? `sum by (${by})` : "sum";
  const none = `0 * ${sum} (rate(${all}[${window}]))`;
  return `100 * (${sum} (rate(${failures}[${window}])) or ${none}) / ${sum} (rate(${all}[${window}]))`;
};
