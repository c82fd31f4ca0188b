import type { GrafanaDefaults } from "./queries.ts";

/** Grafana's dark theme. */
export const theme = {
  page: "#111217",
  panel: "#181b1f",
  border: "#2a2d34",
  grid: "#2c3036",
  text: "#ccccdc",
  faint: "#8e8f9b",
  font: "Inter, 'Liberation Sans', 'Helvetica Neue', Arial, sans-serif",
};

/** Grafana's classic palette, in the order in which series get it. */
export const palette = [
  "#73bf69",
  "#f2cc0c",
  "#8ab8ff",
  "#ff780a",
  "#f2495c",
  "#5794f2",
  "#b877d9",
  "#705da0",
  "#37872d",
  "#fade2a",
  "#447ebc",
  "#c15c17",
];

const named: Record<string, string> = {
  green: "#73bf69",
  orange: "#ff9830",
  red: "#f2495c",
  blue: "#5794f2",
};

export const colorOf = (name: string): string => named[name] ?? name;

/** The colour of the last threshold that the value has reached. */
export function thresholdColor(value: number, { thresholds }: GrafanaDefaults): string {
  const reached = thresholds?.steps.findLast((step) => step.value === null || value >= step.value);
  return colorOf(reached?.color ?? "green");
}

export const seriesColor = (index: number): string => palette[index % palette.length]!;
