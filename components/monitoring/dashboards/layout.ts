import { runbooksUid } from "../runbookLinks.ts";
import { datasource, type Tile } from "./panels.ts";
import type { Dashboard, Link, Panel, RowPanel, Variable } from "./shapes.ts";

/** Tag of all our dashboards. */
export const tag = "mlops-platform";

/** Every dashboard, by the name of its file. The uid is part of its address. */
export const boards = {
  home: { uid: "mlops-home", title: "Home" },
  models: { uid: "mlops-models", title: "Models" },
  tracking: { uid: "mlops-tracking", title: "Tracking" },
  frontEnd: { uid: "mlops-front-end", title: "Front end" },
  cluster: { uid: "mlops-cluster", title: "Cluster" },
  runbooks: { uid: runbooksUid, title: "Runbooks" },
} as const;

export type BoardName = keyof typeof boards;

/** Some panels under one heading. */
export interface Row {
  /** Left out, the panels stand without a heading. */
  title?: string;
  tiles: Tile[];
}

export interface DashboardSpec {
  description: string;
  variables?: Variable[];
  rows: Row[];
}

const columns = 24;

/** A dashboard of rows. Panels flow from left to right into Grafana's grid, and are numbered as they come. */
export function dashboard(
  name: BoardName,
  { description, variables, rows }: DashboardSpec,
): Dashboard {
  return {
    uid: boards[name].uid,
    title: boards[name].title,
    description,
    tags: [tag],
    schemaVersion: 42,
    editable: false,
    graphTooltip: 1,
    timezone: "browser",
    time: { from: "now-1h", to: "now" },
    refresh: "30s",
    timepicker: {},
    templating: { list: variables ?? [] },
    annotations: { list: [] },
    links: otherBoards(name),
    panels: place(rows),
  };
}

/** Links from every dashboard to every other, keeping the time range. */
const otherBoards = (name: BoardName): Link[] =>
  (Object.keys(boards) as BoardName[]).filter((other) => other !== name).map(linkTo);

export const linkTo = (name: BoardName): Link => ({
  title: boards[name].title,
  type: "link",
  icon: "dashboard",
  tooltip: "",
  url: `/d/${boards[name].uid}`,
  tags: [],
  asDropdown: false,
  targetBlank: false,
  includeVars: false,
  keepTime: true,
});

function place(rows: readonly Row[]): (Panel | RowPanel)[] {
  const placed: (Panel | RowPanel)[] = [];
  let top = 0;
  for (const { title, tiles } of rows) {
    if (title !== undefined) {
      const gridPos = { x: 0, y: top, w: columns, h: 1 };
      placed.push({
        type: "row",
        id: placed.length + 1,
        title,
        collapsed: false,
        gridPos,
        panels: [],
      });
      top += 1;
    }
    let left = 0;
    let height = 0;
    for (const tile of tiles) {
      if (left + tile.width > columns) {
        top += height;
        [left, height] = [0, 0];
      }
      const gridPos = { x: left, y: top, w: tile.width, h: tile.height };
      placed.push({ ...tile.panel, id: placed.length + 1, gridPos });
      left += tile.width;
      height = Math.max(height, tile.height);
    }
    top += height;
  }
  return placed;
}

/** A choice of one of the values of a label, the first of them at first. */
export const oneOf = (name: string, label: string, series: string): Variable => ({
  type: "query",
  name,
  label,
  datasource,
  query: { query: `label_values(${series}, ${name})`, refId: "values" },
  definition: `label_values(${series}, ${name})`,
  refresh: 2,
  sort: 7,
  multi: false,
  includeAll: false,
  options: [],
});

/** A choice among the values of a label, all of them at first. A series without the label is never among them. */
export const labelVariable = (name: string, label: string, series: string): Variable => ({
  ...oneOf(name, label, series),
  multi: true,
  includeAll: true,
  allValue: ".+",
  current: { text: "All", value: "$__all" },
});
