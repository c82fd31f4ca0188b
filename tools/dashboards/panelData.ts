import type { PlatformDashboard } from "../../components/monitoring/dashboards/index.ts";
import { queryAt, queryRange, type Sample, type TimeRange } from "./prometheusApi.ts";
import {
  type Choice,
  type GrafanaDashboard,
  type GrafanaPanel,
  panelQueries,
  parseDashboard,
} from "./queries.ts";

/** A series with a value, or a gap, for each time of the dashboard. */
export interface Series {
  refId: string;
  name: string;
  labels: Record<string, string>;
  values: (number | null)[];
}

export interface PanelData {
  panel: GrafanaPanel;
  series: Series[];
}

export interface DashboardData {
  board: GrafanaDashboard;
  /** The chosen value of each variable that allows only one. */
  chosen: string[];
  /** Milliseconds since 1970. */
  times: number[];
  panels: PanelData[];
}

/** Names of the models whose servers Prometheus reads at a time, in order. */
export async function modelsOf(url: string, time: number): Promise<string[]> {
  const found = await queryAt(url, "group by (model) (model_server_up)", time);
  return found.map(({ labels }) => labels["model"]!).sort();
}

/** Queries Prometheus for everything that a dashboard shows. */
export async function readDashboard(
  url: string,
  dashboard: PlatformDashboard,
  range: TimeRange,
  chosen: Choice = {},
): Promise<DashboardData> {
  const board = parseDashboard(dashboard);
  const times: number[] = [];
  for (let time = range.start; time <= range.end; time += range.step) times.push(time);
  const panels: PanelData[] = board.panels.map((panel) => ({ panel, series: [] }));
  for (const { panelId, refId, expr, legend, isInstant } of panelQueries(dashboard, chosen)) {
    const samples = isInstant
      ? await queryAt(url, expr, range.end)
      : await queryRange(url, expr, range);
    const found = samples.map((sample) => ({
      refId,
      name: nameOf(sample.labels, legend),
      labels: sample.labels,
      values: valuesOf(sample, isInstant ? [range.end] : times),
    }));
    panels.find(({ panel }) => panel.id === panelId)!.series.push(...found);
  }
  const single = board.templating.list.filter(({ allValue }) => allValue === undefined);
  return {
    board,
    chosen: single.flatMap(({ name }) => chosen[name] ?? []),
    times: times.map((time) => time * 1000),
    panels,
  };
}

/** Grafana's `{{label}}`; without a legend all labels. */
function nameOf(labels: Record<string, string>, legend: string): string {
  if (legend) return legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? "");
  const { __name__: metric = "", ...rest } = labels;
  const pairs = Object.entries(rest).map(([label, value]) => `${label}="${value}"`);
  return pairs.length > 0 ? `${metric}{${pairs.join(", ")}}` : metric || "Value";
}

function valuesOf({ points }: Sample, times: readonly number[]): (number | null)[] {
  const byTime = new Map(points);
  return times.map((time) => {
    const value = byTime.get(time);
    return value === undefined || !Number.isFinite(value) ? null : value;
  });
}

/** Series of a panel that have data. */
export const seriesWithData = ({ series }: PanelData): Series[] =>
  series.filter(({ values }) => lastOf(values) !== undefined);

/** The newest value that is not a gap. */
export const lastOf = (values: readonly (number | null)[]): number | undefined =>
  values.findLast((value) => value !== null) ?? undefined;
