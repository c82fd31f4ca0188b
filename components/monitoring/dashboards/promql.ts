/** Window of a rate that fits the resolution of the graph; Grafana puts it in. */
export const window = "$__rate_interval";

/** Time within which this share was done, from a histogram in seconds. */
export const quantile = (histogram: string, selector: string, share: number) => ({
  [`p${share * 100}`]: `histogram_quantile(${share}, sum by (le) (rate(${histogram}_bucket{${selector}}[${window}])))`,
});

/** Median, and the time within which 95 % and 99 % were done. */
export const quantiles = (histogram: string, selector: string) => ({
  ...quantile(histogram, selector, 0.5),
  ...quantile(histogram, selector, 0.95),
  ...quantile(histogram, selector, 0.99),
});

/** Percentage of failures; 0 while nothing failed, and a gap while nothing happened. */
export const failurePercent = (failures: string, all: string, by = ""): string => {
  const sum = by ? `sum by (${by})` : "sum";
  const none = `0 * ${sum} (rate(${all}[${window}]))`;
  return `100 * (${sum} (rate(${failures}[${window}])) or ${none}) / ${sum} (rate(${all}[${window}]))`;
};
