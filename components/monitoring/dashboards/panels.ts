import type {
  FieldDefaults,
  HeatmapPanel,
  Link,
  Panel,
  StateTimelinePanel,
  StatPanel,
  TablePanel,
  Target,
  TextPanel,
  Threshold,
  TimeSeriesPanel,
} from "./shapes.ts";

/** Grafana's uid of the Prometheus data source: one constant for the data source and for every panel that queries it. */
export const prometheusDatasourceUid = "prometheus";

/** PromQL: one query, several, or each by the name of its series, with labels in double braces. */
export type Queries = string | readonly string[] | Readonly<Record<string, string>>;

/** What every panel says about itself. */
export interface PanelSpec {
  title: string;
  /** What it shows, and what to do when it is bad. */
  description: string;
  queries: Queries;
  /** Columns of Grafana's grid of 24. Defaults to what fits the kind. */
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

function panelOf<Kind extends string>(type: Kind, spec: PanelSpec, queries: Target[]) {
  const { title, description, links } = spec;
  return { type, title, description, links, datasource, targets: queries };
}

const tile = (
  { width, height }: Pick<PanelSpec, "width" | "height">,
  panel: Panel,
  usual: { width?: number; height: number },
): Tile => ({ width: width ?? usual.width ?? 8, height: height ?? usual.height, panel });

const refId = (index: number) => String.fromCharCode("A".charCodeAt(0) + index);

const listed = (queries: Queries): [legend: string, expr: string][] => {
  if (typeof queries === "string") return [["", queries]];
  return isList(queries) ? queries.map((expr) => ["", expr]) : Object.entries(queries);
};

const isList = (queries: Queries): queries is readonly string[] => Array.isArray(queries);

function targets(queries: Queries): Target[] {
  return listed(queries).map(([legend, expr], index) => ({
    refId: refId(index),
    datasource,
    editorMode: "code",
    expr,
    legendFormat: legend,
    range: true,
    instant: false,
  }));
}

function fieldDefaults(spec: PanelSpec): FieldDefaults {
  const { unit, decimals, min, max, thresholds } = spec;
  return { unit, decimals, min, max, thresholds: levels(steps(thresholds)) };
}

const steps = ([warning, critical]: readonly number[] = []): Threshold[] => [
  { value: null, color: "green" },
  ...(warning === undefined ? [] : [{ value: warning, color: "orange" }]),
  ...(critical === undefined ? [] : [{ value: critical, color: "red" }]),
];

const levels = (steps: Threshold[]) => ({ mode: "absolute" as const, steps });

/** What is counted. */
export const wholeNumbers = { unit: "short", decimals: 0 } as const;

export type Words = Readonly<Record<string, readonly [text: string, color: string]>>;

export const upOrDown: Words = { "0": ["down", "red"], "1": ["up", "green"] };

export interface TimeSeriesSpec extends PanelSpec {
  /** `table` shows last, mean and greatest value of each series: for many of them. Defaults to `list`. */
  legend?: "list" | "table" | "none";
  isStacked?: boolean;
  /** Whether the axis follows values below 0 too. */
  mayBeNegative?: boolean;
}

/** Lines over time. */
export function timeSeries(spec: TimeSeriesSpec): Tile {
  const { legend = "list", isStacked = false, mayBeNegative = false } = spec;
  const panel: TimeSeriesPanel = {
    ...panelOf("timeseries", spec, targets(spec.queries)),
    options: {
      legend: {
        showLegend: legend !== "none",
        displayMode: legend === "table" ? "table" : "list",
        placement: "bottom",
        calcs: legend === "table" ? ["lastNotNull", "mean", "max"] : [],
        ...(legend === "table" ? { sortBy: "Last *", sortDesc: true } : {}),
      },
      tooltip: { mode: "multi", sort: "desc" },
    },
    fieldConfig: {
      defaults: {
        ...fieldDefaults(mayBeNegative ? spec : { min: 0, ...spec }),
        color: { mode: "palette-classic" },
        custom: {
          drawStyle: "line",
          lineInterpolation: "linear",
          lineWidth: 2,
          fillOpacity: isStacked ? 30 : 8,
          gradientMode: "none",
          showPoints: "never",
          spanNulls: false,
          stacking: { mode: isStacked ? "normal" : "none", group: "A" },
          thresholdsStyle: { mode: spec.thresholds ? "dashed" : "off" },
          axisSoftMin: 0,
        },
      },
      overrides: [],
    },
  };
  return tile(spec, panel, { height: 8 });
}

export interface StatSpec extends PanelSpec {
  /** Texts shown instead of values, each with its colour. */
  words?: Words;
  /** Show the name of the series, not its value. */
  showsName?: boolean;
}

/** The last value, large. */
export function stat(spec: StatSpec): Tile {
  // the current value; a range would also show the last value of a series that no longer exists
  const isNow = spec.words !== undefined || spec.showsName === true;
  const panel: StatPanel = {
    ...panelOf("stat", spec, isNow ? instantly(targets(spec.queries)) : targets(spec.queries)),
    options: {
      graphMode: isNow ? "none" : "area",
      colorMode: spec.words ? "background" : "value",
      justifyMode: "auto",
      textMode: spec.showsName ? "name" : "auto",
      wideLayout: true,
      showPercentChange: false,
      percentChangeColorMode: "standard",
      orientation: "auto",
      reduceOptions: { calcs: ["lastNotNull"], values: false },
    },
    fieldConfig: {
      defaults: {
        ...fieldDefaults(spec),
        color: { mode: "thresholds" },
        noValue: "no data",
        mappings: mappings(spec),
      },
      overrides: [],
    },
  };
  return tile(spec, panel, { width: 6, height: 4 });
}

const mappings = ({ words = {} }: StatSpec): FieldDefaults["mappings"] =>
  Object.entries(words).map(([value, [text, color]], index) => ({
    type: "value",
    options: { [value]: { text, color, index } },
  }));

/** At the end of the time range only. */
const instantly = (queries: Target[]): Target[] =>
  queries.map((target) => ({ ...target, instant: true, range: false }));

export interface Column {
  /** A label, or `Value` for the value; with several queries `Value #A` and so on. */
  field: string;
  heading: string;
  unit?: Unit;
  decimals?: number;
  /** From which value on it is worth a look, and from which on bad. */
  thresholds?: PanelSpec["thresholds"];
  /** Below which value it is bad. */
  lowest?: number;
  /** Where a click leads. */
  link?: string;
}

export interface TableSpec extends PanelSpec {
  /** In this order; each query's labels must be among them. A value without a column is not shown. */
  columns: Column[];
  /** Heading of the column that sorts the lines. Defaults to the order of the query. */
  sortBy?: string;
}

function columnProperties({ unit, decimals, thresholds, lowest, link, heading }: Column) {
  const red = { value: null, color: "red" };
  const colors =
    lowest === undefined
      ? thresholds && steps(thresholds)
      : [red, { value: lowest, color: "green" }];
  const properties = [
    { id: "unit", value: unit },
    { id: "decimals", value: decimals },
    { id: "thresholds", value: colors && levels(colors) },
    { id: "custom.cellOptions", value: colors && { type: "color-text" } },
    { id: "links", value: link && [{ title: heading, url: link }] },
  ];
  return properties.filter(({ value }) => value !== undefined);
}

/** One line for each current series; with several queries the series of equal labels share a line. */
export function table(spec: TableSpec): Tile {
  const { columns, sortBy } = spec;
  const queries = targets(spec.queries);
  const hidden = queries
    .map((target) => (queries.length > 1 ? `Value #${target.refId}` : "Value"))
    .filter((value) => !columns.some(({ field }) => field === value));
  const byField = <Value>(value: (column: Column, index: number) => Value) =>
    Object.fromEntries(columns.map((column, index) => [column.field, value(column, index)]));
  const panel: TablePanel = {
    ...panelOf(
      "table",
      spec,
      instantly(queries).map((target): Target => ({ ...target, format: "table" })),
    ),
    transformations: [
      ...(queries.length > 1 ? [{ id: "merge", options: {} }] : []),
      {
        id: "organize",
        options: {
          excludeByName: Object.fromEntries(["Time", ...hidden].map((field) => [field, true])),
          indexByName: byField((_, index) => index),
          renameByName: byField(({ heading }) => heading),
        },
      },
    ],
    options: {
      frameIndex: 0,
      showHeader: true,
      cellHeight: "sm",
      sortBy: sortBy === undefined ? undefined : [{ displayName: sortBy }],
    },
    fieldConfig: {
      defaults: { ...fieldDefaults(spec), noValue: "none", custom: { align: "auto" } },
      overrides: columns
        .map((column) => ({
          matcher: { id: "byName", options: column.heading },
          properties: columnProperties(column),
        }))
        .filter(({ properties }) => properties.length > 0),
    },
  };
  return tile(spec, panel, { height: 8 });
}

/** Which series existed when, one bar each. */
export function stateTimeline(spec: StatSpec): Tile {
  const panel: StateTimelinePanel = {
    ...panelOf("state-timeline", spec, targets(spec.queries)),
    options: {
      showValue: "auto",
      rowHeight: 0.8,
      mergeValues: true,
      alignValue: "left",
      legend: { showLegend: false, displayMode: "list", placement: "bottom", calcs: [] },
      tooltip: { mode: "single", sort: "none" },
    },
    fieldConfig: {
      defaults: {
        ...fieldDefaults(spec),
        color: { mode: "thresholds" },
        mappings: mappings(spec),
        custom: { fillOpacity: 80, lineWidth: 0, spanNulls: false },
      },
      overrides: [],
    },
  };
  return tile(spec, panel, { height: 6 });
}

/** The buckets of a histogram over time, darker where more fell. */
export function heatmap(spec: PanelSpec): Tile {
  const buckets = targets(spec.queries).map((target): Target => ({
    ...target,
    format: "heatmap",
    legendFormat: "{{le}}",
  }));
  const panel: HeatmapPanel = {
    ...panelOf("heatmap", spec, buckets),
    options: {
      calculate: false,
      color: {
        mode: "scheme",
        scheme: "Blues",
        fill: "blue",
        scale: "exponential",
        exponent: 0.5,
        steps: 64,
        reverse: false,
      },
      cellGap: 1,
      filterValues: { le: 1e-9 },
      showValue: "never",
      yAxis: { axisPlacement: "left", unit: spec.unit ?? "short" },
      legend: { show: true },
      tooltip: { mode: "single", yHistogram: true, showColorScale: true },
      exemplars: { color: "orange" },
      rowsFrame: { layout: "auto" },
    },
    fieldConfig: { defaults: { custom: {} }, overrides: [] },
  };
  return tile(spec, panel, { height: 8 });
}

/** Words, with links. */
export function text(spec: Omit<PanelSpec, "queries"> & { markdown: string }): Tile {
  const panel: TextPanel = {
    ...panelOf("text", { ...spec, queries: [] }, []),
    options: { mode: "markdown", content: spec.markdown },
    fieldConfig: { defaults: {}, overrides: [] },
  };
  return tile(spec, panel, { height: 8 });
}
