import type { PlatformDashboard } from "../../components/monitoring/dashboards/index.ts";

/** One query of a panel as Prometheus takes it. */
export interface PanelQuery {
  /** Title of the dashboard. */
  dashboard: string;
  panelId: number;
  /** Title of the panel. */
  panel: string;
  refId: string;
  /** PromQL without variables. */
  expr: string;
  /** Name of each series, with labels in double braces. */
  legend: string;
  /** Whether the panel shows the values of now only. */
  isInstant: boolean;
}

/** The part of Grafana's JSON that is used here. */
export interface GrafanaPanel {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { refId: string; expr: string; legendFormat: string; instant: boolean }[];
  options?: {
    sortBy?: { displayName: string }[];
    legend?: { showLegend: boolean; displayMode: string };
    textMode?: string;
    content?: string;
  };
  fieldConfig?: {
    defaults: GrafanaDefaults;
    overrides: { matcher: { options: string }; properties: { id: string; value?: unknown }[] }[];
  };
  transformations?: {
    id: string;
    options: { renameByName?: Record<string, string>; excludeByName?: Record<string, boolean> };
  }[];
}

export interface GrafanaDefaults {
  unit?: string;
  decimals?: number;
  min?: number;
  max?: number;
  thresholds?: { steps: { value: number | null; color: string }[] };
  mappings?: { options: Record<string, { text: string; color: string }> }[];
  custom?: { fillOpacity?: number; stacking?: { mode: string } };
}

export interface GrafanaDashboard {
  uid: string;
  title: string;
  description: string;
  links: { title: string; url: string }[];
  templating: { list: { name: string; allValue?: string; query: { query: string } }[] };
  panels: GrafanaPanel[];
}

export const parseDashboard = ({ json }: PlatformDashboard): GrafanaDashboard =>
  JSON.parse(json) as GrafanaDashboard;

/** Grafana's own variables, for a scrape every 15 seconds. */
const builtIn: Record<string, string> = { __rate_interval: "1m", __interval: "15s" };

/** Value of each variable that allows only one, by its name. */
export type Choice = Readonly<Record<string, string>>;

/** Every query of a dashboard, with all values of each variable that allows it; of the others the one that is chosen. */
export function panelQueries(dashboard: PlatformDashboard, chosen: Choice = {}): PanelQuery[] {
  const { title, panels, templating } = parseDashboard(dashboard);
  const variables = templating.list.map(({ name, allValue }) => [
    name,
    allValue ?? chosen[name] ?? name,
  ]);
  const values: Record<string, string | undefined> = {
    ...builtIn,
    ...(Object.fromEntries(variables) as Choice),
  };
  return panels.flatMap((panel) =>
    (panel.targets ?? []).map((target) => ({
      dashboard: title,
      panelId: panel.id,
      panel: panel.title,
      refId: target.refId,
      expr: resolve(target.expr, values),
      legend: target.legendFormat,
      isInstant: target.instant,
    })),
  );
}

function resolve(expr: string, values: Record<string, string | undefined>): string {
  return expr.replaceAll(/\$(\w+)/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined)
      throw new Error(`${expr} uses $${name}, which is not a variable of the dashboard`);
    // a variable stands within quotes
    return value.replaceAll(/["\\]/g, "\\$&");
  });
}
