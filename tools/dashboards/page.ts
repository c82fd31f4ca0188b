import { heatmap, lines, type Size, sparkline, stateTimeline } from "./drawings.ts";
import { colorOf, seriesColor, theme, thresholdColor } from "./colors.ts";
import {
  type DashboardData,
  lastOf,
  type PanelData,
  type Series,
  seriesWithData,
} from "./panelData.ts";
import type { GrafanaDefaults, GrafanaPanel } from "./queries.ts";
import { css, grid } from "./style.ts";
import { format } from "./units.ts";

/** A dashboard as its own page, without scripts. */
export function page({ board, chosen, times, panels }: DashboardData): string {
  const heading = escape([board.title, ...chosen].join(": "));
  const rows = Math.max(...panels.map(({ panel: { gridPos } }) => gridPos.y + gridPos.h));
  const range = `${minute(times[0]!)} to ${minute(times.at(-1)!).slice(11)} UTC`;
  return `<!doctype html><meta charset="utf-8"><title>${heading}</title><style>${css}</style>
<main><header><h1>${heading}</h1><p>${escape(board.description)}</p><span class="range">${range}</span></header>
<div class="grid" style="height:${rows * (grid.row + grid.gap)}px">
${panels.map((data) => box(data, times)).join("\n")}
</div></main>`;
}

const minute = (time: number) => new Date(time).toISOString().slice(0, 16).replace("T", " ");

const escape = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

function box(data: PanelData, times: readonly number[]): string {
  const { title, type, gridPos } = data.panel;
  const column = (grid.width + grid.gap) / grid.columns;
  const size = {
    width: Math.floor(gridPos.w * column - grid.gap),
    height: gridPos.h * (grid.row + grid.gap) - grid.gap,
  };
  const place = `left:${Math.round(gridPos.x * column)}px;top:${gridPos.y * (grid.row + grid.gap)}px;width:${size.width}px;height:${size.height}px`;
  if (type === "row") return `<div class="row" style="${place}">${escape(title)}</div>`;
  return `<section class="panel" style="${place}"><h2>${escape(title)}</h2>${body(data, times, size)}</section>`;
}

const headingHeight = 29;
/** Of a table, in pixels. */
const lineHeight = 24;

function body(data: PanelData, times: readonly number[], { width, height }: Size): string {
  const { panel } = data;
  if (panel.type === "text") return `<div class="words">${words(panel.options!.content!)}</div>`;
  if (seriesWithData(data).length === 0) return nothing("No data");
  const inner = { width: width - 2, height: height - headingHeight - 2 };
  switch (panel.type) {
    case "stat":
      return `<div class="body">${stats(data, inner)}</div>`;
    case "table":
      return `<div class="body">${table(data, inner)}</div>`;
    case "state-timeline":
      return `<div class="body">${stateTimeline(data, times, inner)}</div>`;
    case "heatmap":
      return `<div class="body">${heatmap(data, times, inner)}</div>`;
    default: {
      const { html, height: taken } = legend(data, inner);
      const chart = lines(data, times, { ...inner, height: inner.height - taken });
      return `<div class="body">${chart}</div>${html}`;
    }
  }
}

const nothing = (text: string) => `<div class="body"><div class="nothing">${text}</div></div>`;

/** The names of the lines, in a table with their values; at most half of the panel. */
function legend({ panel, series }: PanelData, size: Size): { html: string; height: number } {
  const { showLegend, displayMode } = panel.options!.legend!;
  if (!showLegend) return { html: "", height: 0 };
  const mark = (index: number) => `<i style="background:${seriesColor(index)}"></i>`;
  if (displayMode === "table") {
    const most = Math.max(1, Math.floor(size.height / 2 / 26) - 1);
    const { unit, decimals } = panel.fieldConfig!.defaults;
    const number = (value: number | undefined) =>
      `<td class="number">${value === undefined ? "" : format(value, unit, decimals)}</td>`;
    const rows = series
      .map(({ name, values }, index) => ({ name, index, known: values.filter((v) => v !== null) }))
      .sort((one, other) => (other.known.at(-1) ?? 0) - (one.known.at(-1) ?? 0))
      .slice(0, most)
      .map(
        ({ name, index, known }) =>
          `<tr><td>${mark(index)}${escape(name)}</td>${number(known.at(-1))}${number(mean(known))}${number(known.length ? Math.max(...known) : undefined)}</tr>`,
      );
    const head = `<tr><th>Name</th><th class="number">Last</th><th class="number">Mean</th><th class="number">Max</th></tr>`;
    const height = (rows.length + 1) * 26 + 8;
    return {
      html: `<div class="legend" style="height:${height}px"><table>${head}${rows.join("")}</table></div>`,
      height,
    };
  }
  const perLine = Math.max(1, Math.floor((size.width - 24) / widest(series)));
  const height = Math.ceil(series.length / perLine) * 18 + 9;
  const names = series.map(({ name }, index) => `<span>${mark(index)}${escape(name)}</span>`);
  return {
    html: `<div class="legend" style="height:${height}px">${names.join("")}</div>`,
    height,
  };
}

/** About the width of the longest name with its mark. */
const widest = (series: readonly Series[]) =>
  33 + Math.max(...series.map(({ name }) => name.length)) * 7;

const mean = (values: readonly number[]) =>
  values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;

function stats(data: PanelData, size: Size): string {
  const { panel } = data;
  const { defaults } = panel.fieldConfig!;
  const known = seriesWithData(data);
  const isMany = known.length > 1;
  const share = { width: size.width, height: Math.min(size.height, 44) };
  const one = ({ name, values }: Series) => {
    const value = lastOf(values)!;
    const word = mapped(panel, value);
    const color = word ? colorOf(word.color) : thresholdColor(value, defaults);
    const isName = panel.options!.textMode === "name";
    const shown = isName ? name : (word?.text ?? format(value, defaults.unit, defaults.decimals));
    const font = isMany ? 18 : Math.min(34, Math.floor((size.width * 1.5) / shown.length));
    const ground = word ? `background:${color};color:#111217` : `color:${color}`;
    const hasLine = !word && !isName && !isMany;
    const line = hasLine ? sparkline(values, color, share) : "";
    const label =
      isMany && !isName ? `<small style="color:${theme.text}">${escape(name)}</small>` : "";
    return `<div class="stat" style="${ground}">${line}${label}<b style="font-size:${font}px">${escape(shown)}</b></div>`;
  };
  return `<div class="stats${isMany ? " many" : ""}">${known.map(one).join("")}</div>`;
}

const mapped = (panel: GrafanaPanel, value: number) =>
  panel
    .fieldConfig!.defaults.mappings?.map(({ options }) => options[String(value)])
    .find((word) => word !== undefined);

function table(data: PanelData, { height }: Size): string {
  const { panel } = data;
  const organize = panel.transformations?.find(({ id }) => id === "organize");
  const headings = Object.entries(organize?.options.renameByName ?? {});
  const columns = headings.map(([field, heading]) => ({
    field,
    heading,
    isNumber: field.startsWith("Value"),
    defaults: columnDefaults(panel, heading),
  }));
  const lines = tableLines(data);
  const [sorted] = panel.options?.sortBy ?? [];
  const key = columns.find(({ heading }) => heading === sorted?.displayName)?.field;
  if (key !== undefined) {
    lines.sort((one, other) => String(one[key]).localeCompare(String(other[key])));
  }
  const ofNumber = (isNumber: boolean) => (isNumber ? ' class="number"' : "");
  const cell = (line: Line, { field, isNumber, defaults }: (typeof columns)[number]) => {
    const value = line[field];
    const { unit, decimals } = defaults;
    const color =
      typeof value === "number" && defaults.thresholds
        ? ` style="color:${thresholdColor(value, defaults)}"`
        : "";
    const shown = typeof value === "number" ? format(value, unit, decimals) : escape(value ?? "");
    return `<td${ofNumber(isNumber)}${color}>${shown}</td>`;
  };
  const head = columns.map(({ heading, isNumber }) => `<th${ofNumber(isNumber)}>${heading}</th>`);
  // what Grafana scrolls to
  const room = Math.floor(height / lineHeight) - 2;
  const shown = lines.length > room + 1 ? lines.slice(0, room) : lines;
  const more = lines.length - shown.length;
  const rows = shown.map(
    (line) => `<tr>${columns.map((column) => cell(line, column)).join("")}</tr>`,
  );
  const rest = more > 0 ? `<p class="more">and ${more} more</p>` : "";
  return `<table class="even"><tr>${head.join("")}</tr>${rows.join("")}</table>${rest}`;
}

/** Fields of one line: labels, and `Value` or `Value #A`. */
type Line = Record<string, string | number>;

/** As Grafana merges tables: series share a line if the labels that all queries have are equal and none differs. */
export function tableLines(data: PanelData): Line[] {
  const isMerged = (data.panel.targets ?? []).length > 1;
  const series = seriesWithData(data);
  const [first = [], ...rest] = series.map(({ labels }) => Object.keys(labels));
  const shared = first.filter((label) => rest.every((labels) => labels.includes(label)));
  const lines: Line[] = [];
  for (const { refId, labels, values } of series) {
    const line = { ...labels, [isMerged ? `Value #${refId}` : "Value"]: lastOf(values)! };
    const fits = (other: Line) =>
      shared.every((label) => other[label] === labels[label]) &&
      Object.entries(line).every(([field, value]) => (other[field] ?? value) === value);
    const partner = isMerged ? lines.find(fits) : undefined;
    if (partner) Object.assign(partner, line);
    else lines.push(line);
  }
  return lines;
}

/** How a column is written: its own properties over those of the panel, whose colours no table has. */
function columnDefaults({ fieldConfig }: GrafanaPanel, heading: string): GrafanaDefaults {
  const { unit, decimals } = fieldConfig!.defaults;
  const own = fieldConfig!.overrides.find(({ matcher }) => matcher.options === heading);
  const properties = (own?.properties ?? []).map(({ id, value }) => [id, value]);
  return { unit, decimals, ...(Object.fromEntries(properties) as GrafanaDefaults) };
}

/** As much of Markdown as our dashboards use: a list with links in bold. */
function words(markdown: string): string {
  const items = markdown.split("\n").map((line) =>
    escape(line.replace(/^- /, ""))
      .replaceAll(/\[([^\]]+)\]\(([^)]+)\)/g, '<a href="$2">$1</a>')
      .replaceAll(/\*\*([^*]+)\*\*/g, "<strong>$1</strong>"),
  );
  return `<ul>${items.map((item) => `<li>${item}</li>`).join("")}</ul>`;
}
