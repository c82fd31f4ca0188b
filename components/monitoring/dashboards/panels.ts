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

/** Grafana's uid of the Prometheus data source: one constant for who makes it and for every panel that asks it. */
export const prometheusDatasourceUid = "prometheus";

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

const refId = (index: number) => String.fromCharCode("A".charCodeAt(0) + index);

export function targets(queries: readonly Query[]): Target[] {
  return queries.map(({ expr, legend = "" }, index) => ({
    refId: refId(index),
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

/** What is counted. */
export const wholeNumbers = { unit: "short", decimals: 0, min: 0 } as const;

export interface TimeSeriesSpec extends PanelSpec {
  /** `table` shows last, mean and greatest value of each series: for many of them. Defaults to `list`. */
  legend?: "list" | "table" | "none";
  style?: "lines" | "bars" | "stacked";
}

/** Lines over time. */
export function timeSeries(spec: TimeSeriesSpec): Tile {
  const { legend = "list", style = "lines" } = spec;
  const isStacked = style === "stacked";
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
        ...fieldDefaults(spec),
        color: { mode: "palette-classic" },
        custom: {
          drawStyle: style === "bars" ? "bars" : "line",
          lineInterpolation: "linear",
          lineWidth: style === "bars" ? 1 : 2,
          fillOpacity: style === "bars" ? 70 : isStacked ? 30 : 8,
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
  return tile(spec, panel, 8);
}

export interface StatSpec extends PanelSpec {
  /** Words in place of values, each with its colour. */
  words?: Record<string, [text: string, color: string]>;
  /** Show the name of the series, not its value. */
  showsName?: boolean;
}

/** The last value, large. */
export function stat(spec: StatSpec): Tile {
  const words = Object.entries(spec.words ?? {});
  // what is so now; a range would show the last value also of a series that is gone
  const isNow = words.length > 0 || spec.showsName === true;
  const panel: StatPanel = {
    ...panelOf("stat", spec, isNow ? instantly(targets(spec.queries)) : targets(spec.queries)),
    options: {
      graphMode: isNow ? "none" : "area",
      colorMode: words.length > 0 ? "background" : "value",
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
        mappings: words.map(([value, [text, color]], index) => ({
          type: "value",
          options: { [value]: { text, color, index } },
        })),
      },
      overrides: [],
    },
  };
  return tile(spec, panel, 4);
}

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
  const levels =
    lowest === undefined
      ? thresholds && steps(thresholds)
      : [
          { value: null, color: "red" },
          { value: lowest, color: "green" },
        ];
  return [
    ...(unit === undefined ? [] : [{ id: "unit", value: unit }]),
    ...(decimals === undefined ? [] : [{ id: "decimals", value: decimals }]),
    ...(levels === undefined
      ? []
      : [
          { id: "thresholds", value: { mode: "absolute", steps: levels } },
          { id: "custom.cellOptions", value: { type: "color-text" } },
        ]),
    ...(link === undefined ? [] : [{ id: "links", value: [{ title: heading, url: link }] }]),
  ];
}

/** One line for each series of now; with several queries the series of equal labels share a line. */
export function table(spec: TableSpec): Tile {
  const { columns, sortBy } = spec;
  const hidden = spec.queries
    .map((_, index) => (spec.queries.length > 1 ? `Value #${refId(index)}` : "Value"))
    .filter((value) => !columns.some(({ field }) => field === value));
  const byField = <Value>(value: (column: Column, index: number) => Value) =>
    Object.fromEntries(columns.map((column, index) => [column.field, value(column, index)]));
  const panel: TablePanel = {
    ...panelOf(
      "table",
      spec,
      instantly(targets(spec.queries)).map((target): Target => ({ ...target, format: "table" })),
    ),
    transformations: [
      ...(spec.queries.length > 1 ? [{ id: "merge", options: {} }] : []),
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
      ...(sortBy === undefined ? {} : { sortBy: [{ displayName: sortBy }] }),
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
  return tile(spec, panel, 8);
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
        mappings: Object.entries(spec.words ?? {}).map(([value, [text, color]], index) => ({
          type: "value",
          options: { [value]: { text, color, index } },
        })),
        custom: { fillOpacity: 80, lineWidth: 0, spanNulls: false },
      },
      overrides: [],
    },
  };
  return tile(spec, panel, 6);
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
  return tile(spec, panel, 8);
}

/** Words, with links. */
export function text(spec: Omit<PanelSpec, "queries"> & { markdown: string }): Tile {
  const panel: TextPanel = {
    ...panelOf("text", { ...spec, queries: [] }, []),
    options: { mode: "markdown", content: spec.markdown },
    fieldConfig: { defaults: {}, overrides: [] },
  };
  return tile(spec, panel, 8);
}
