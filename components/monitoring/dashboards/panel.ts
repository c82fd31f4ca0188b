import { prometheusDatasourceUid } from "./datasource.ts";
import type { FieldDefaults, Link, Panel, Target, Threshold } from "./shapes.ts";

/** One PromQL query of a panel. */
export interface Query {
  expr: string;
  /** Name of each series, with labels in double braces. */
  legend?: string;
}

/** What every panel says about itself. */
export interface PanelSpec {
  title: string;
  /** What it shows, and what to do when it is bad. */
  description: string;
  queries: Query[];
  /** Columns of Grafana's grid of 24. Defaults to 8. */
  width?: number;
  /** Rows of that grid. Defaults to what fits the kind. */
  height?: number;
  /** Unit by Grafana's name for it. */
  unit?: Unit;
  decimals?: number;
  min?: number;
  max?: number;
  /** From which value on it is worth a look, and from which on bad. */
  thresholds?: [warning: number, critical: number];
  links?: Link[];
}

export type Unit = "short" | "percent" | "bytes" | "Bps" | "reqps" | "ops" | "s";

/** A panel with its size; the dashboard gives it a number and a place. */
export interface Tile {
  width: number;
  height: number;
  panel: Panel;
}

export const datasource = { type: "prometheus", uid: prometheusDatasourceUid };

/** What all kinds have in common. */
export function panelOf<Kind extends string>(type: Kind, spec: PanelSpec, queries: Target[]) {
  const { title, description, links } = spec;
  return { type, title, description, ...(links ? { links } : {}), datasource, targets: queries };
}

export const tile = (
  spec: Pick<PanelSpec, "width" | "height">,
  panel: Panel,
  height: number,
): Tile => ({
  width: spec.width ?? 8,
  height: spec.height ?? height,
  panel,
});

export function targets(queries: readonly Query[]): Target[] {
  return queries.map(({ expr, legend = "" }, index) => ({
    refId: String.fromCharCode("A".charCodeAt(0) + index),
    datasource,
    editorMode: "code",
    expr,
    legendFormat: legend,
    range: true,
    instant: false,
  }));
}

export function fieldDefaults(spec: PanelSpec): FieldDefaults {
  const { unit, decimals, min, max } = spec;
  return {
    ...(unit === undefined ? {} : { unit }),
    ...(decimals === undefined ? {} : { decimals }),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    thresholds: { mode: "absolute", steps: steps(spec.thresholds) },
  };
}

const steps = (thresholds: PanelSpec["thresholds"]): Threshold[] => [
  { value: null, color: "green" },
  ...(thresholds
    ? [
        { value: thresholds[0], color: "orange" },
        { value: thresholds[1], color: "red" },
      ]
    : []),
];
