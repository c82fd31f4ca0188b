import type * as sdk from "@grafana/grafana-foundation-sdk/dashboard";
import type * as heatmap from "@grafana/grafana-foundation-sdk/heatmap";
import type * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import type * as stat from "@grafana/grafana-foundation-sdk/stat";
import type * as stateTimeline from "@grafana/grafana-foundation-sdk/statetimeline";
import type * as table from "@grafana/grafana-foundation-sdk/table";
import type * as text from "@grafana/grafana-foundation-sdk/text";
import type * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";

/*
 * Grafana's own schema, from the SDK that is generated from it. Only its types are used: its builders would load two
 * hundred files at every evaluation of the program, and what they build has options of type `any`.
 */

/** A type of the SDK as it is written in JSON: the text in place of an enum's member. */
export type Plain<T> = T extends string
  ? `${T}`
  : T extends number
    ? number
    : T extends boolean | null | undefined
      ? T
      : T extends readonly (infer Item)[]
        ? Plain<Item>[]
        : { [Key in keyof T as T[Key] extends () => void ? never : Key]: Plain<T[Key]> };

export type FieldDefaults = Omit<Plain<sdk.FieldConfig>, "custom">;
export type Link = Plain<sdk.DashboardLink>;
export type Override = Plain<sdk.FieldConfigSource>["overrides"][number];
export type RowPanel = Plain<sdk.RowPanel>;
export type Target = Plain<prometheus.Dataquery>;
export type Threshold = Plain<sdk.Threshold>;
export type Variable = Plain<sdk.VariableModel>;

/** A panel whose options and drawing style belong to its kind. */
type PanelOf<Kind extends string, Options, Custom = Record<string, never>> = Omit<
  Plain<sdk.Panel>,
  "type" | "targets" | "options" | "fieldConfig"
> & {
  type: Kind;
  targets: Target[];
  options: Plain<Options>;
  fieldConfig: { defaults: FieldDefaults & { custom?: Plain<Custom> }; overrides: Override[] };
};

export type TimeSeriesPanel = PanelOf<"timeseries", timeseries.Options, timeseries.FieldConfig>;
export type StatPanel = PanelOf<"stat", stat.Options>;
export type TablePanel = PanelOf<"table", table.Options, Partial<table.FieldConfig>>;
export type HeatmapPanel = PanelOf<"heatmap", heatmap.Options, heatmap.FieldConfig>;
export type TextPanel = PanelOf<"text", text.Options>;
export type StateTimelinePanel = PanelOf<
  "state-timeline",
  stateTimeline.Options,
  stateTimeline.FieldConfig
>;

export type Panel =
  TimeSeriesPanel | StatPanel | TablePanel | StateTimelinePanel | HeatmapPanel | TextPanel;

export type Dashboard = Omit<Plain<sdk.Dashboard>, "panels"> & {
  uid: string;
  title: string;
  panels: (Panel | RowPanel)[];
};
