import * as echarts from "echarts";
import { colorOf, seriesColor, theme } from "./colors.ts";
import type { PanelData, Series } from "./panelData.ts";
import { format } from "./units.ts";

export interface Size {
  width: number;
  height: number;
}

/** Draws without a browser: the same data give the same SVG, but for the names of its parts. */
function svgOf(option: echarts.EChartsCoreOption, { width, height }: Size): string {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
  chart.setOption({
    animation: false,
    textStyle: { fontFamily: theme.font, color: theme.text },
    ...option,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  // what changes under a mouse is of no use in a picture
  return svg.replaceAll(/ class="zr[^"]*"/g, "").replaceAll(/<style[\s\S]*?<\/style>/g, "");
}

const axisText = { color: theme.faint, fontSize: 11 };
const gridLine = { show: true, lineStyle: { color: theme.grid } };
const clock = (time: number) => new Date(time).toISOString().slice(11, 16);

const timeAxis = (times: readonly number[]) => ({
  type: "time",
  min: times[0],
  max: times.at(-1),
  axisLabel: { ...axisText, formatter: clock, hideOverlap: true },
  axisLine: { show: false },
  axisTick: { show: false },
  splitLine: gridLine,
  splitNumber: 5,
});

const margins = { left: 8, right: 24, top: 8, bottom: 4, containLabel: true };

export function lines({ panel, series }: PanelData, times: readonly number[], size: Size): string {
  const { unit, decimals, min, max, thresholds, custom } = panel.fieldConfig!.defaults;
  const isStacked = custom?.stacking?.mode === "normal";
  const marks = (thresholds?.steps ?? []).filter(({ value }) => value !== null);
  const highest = top(series, isStacked);
  return svgOf(
    {
      grid: margins,
      xAxis: timeAxis(times),
      yAxis: {
        type: "value",
        min,
        // a limit that is far away would press the lines to the ground
        max: max !== undefined && highest > max / 4 ? max : undefined,
        splitNumber: 4,
        ...(unit === "bytes" ? binarySteps(highest) : {}),
        ...(max === 100 && highest > 25 ? { interval: 25 } : {}),
        minInterval: decimals === 0 ? 1 : undefined,
        axisLabel: { ...axisText, formatter: (value: number) => format(value, unit) },
        splitLine: gridLine,
      },
      series: series.map(({ values }, index) => ({
        type: "line",
        data: values.map((value, at) => [times[at], value]),
        stack: isStacked ? "all" : undefined,
        showSymbol: isLonely(values),
        symbolSize: 5,
        lineStyle: { width: 1.6, color: seriesColor(index) },
        itemStyle: { color: seriesColor(index) },
        areaStyle: { color: seriesColor(index), opacity: (custom?.fillOpacity ?? 8) / 100 },
        markLine: index > 0 ? undefined : thresholdLines(marks),
      })),
    },
    size,
  );
}

/** The highest point of the lines, or of their sum. */
function top(series: readonly Series[], isStacked: boolean): number {
  const length = series[0]?.values.length ?? 0;
  const heights = [...Array(length).keys()].map((at) => {
    const values = series.map(({ values }) => values[at] ?? 0);
    return isStacked ? values.reduce((sum, value) => sum + value, 0) : Math.max(...values);
  });
  return Math.max(0, ...heights);
}

/** Four or five steps that are round in powers of 1024. */
function binarySteps(highest: number): { interval: number; max: number } {
  const interval = 2 ** Math.ceil(Math.log2(Math.max(1, highest / 5)));
  return { interval, max: Math.max(1, Math.ceil(highest / interval)) * interval };
}

/** A line needs two values side by side; else there are dots. */
const isLonely = (values: readonly (number | null)[]) =>
  !values.some((value, index) => value !== null && (values[index + 1] ?? null) !== null);

const thresholdLines = (marks: readonly { value: number | null; color: string }[]) => ({
  silent: true,
  symbol: "none",
  label: { show: false },
  data: marks.map(({ value, color }) => ({
    yAxis: value,
    lineStyle: { color: colorOf(color), type: "dashed", width: 1 },
  })),
});

/** A line without axes behind a large number. */
export function sparkline(values: readonly (number | null)[], color: string, size: Size): string {
  return svgOf(
    {
      grid: { left: 0, right: 0, top: 2, bottom: 0 },
      xAxis: { type: "category", show: false, boundaryGap: false },
      yAxis: {
        type: "value",
        show: false,
        min: (range: { min: number }) => Math.min(0, range.min),
      },
      series: [
        {
          type: "line",
          data: values,
          showSymbol: false,
          lineStyle: { width: 1.5, color },
          areaStyle: { color, opacity: 0.15 },
        },
      ],
    },
    size,
  );
}

/** Buckets from below upward; what Prometheus counts up to each is made what fell into it. */
export function buckets(series: readonly Series[]): { name: string; values: number[] }[] {
  const sorted = [...series].sort((one, other) => bound(one) - bound(other));
  return sorted.map(({ labels, values }, index) => ({
    name: labels["le"]!,
    values: values.map((value, at) =>
      Math.max(0, (value ?? 0) - (index > 0 ? (sorted[index - 1]!.values[at] ?? 0) : 0)),
    ),
  }));
}

const bound = ({ labels }: Series) => (labels["le"] === "+Inf" ? Infinity : Number(labels["le"]));

export function heatmap(
  { panel, series }: PanelData,
  times: readonly number[],
  size: Size,
): string {
  const { unit } = panel.fieldConfig!.defaults;
  const rows = buckets(series);
  const cells = rows.flatMap(({ values }, row) =>
    values.map((value, column) => [column, row, value] as const).filter(([, , value]) => value > 0),
  );
  const label = (name: string) => (name === "+Inf" ? "+Inf" : format(Number(name), unit));
  const every = Math.ceil(times.length / 6);
  return svgOf(
    {
      grid: margins,
      xAxis: {
        type: "category",
        data: times.map(clock),
        axisLabel: { ...axisText, interval: (index: number) => index % every === 0 },
        axisLine: { show: false },
        axisTick: { show: false },
      },
      yAxis: {
        type: "category",
        data: rows.map(({ name }) => label(name)),
        axisLabel: axisText,
        axisLine: { show: false },
        axisTick: { show: false },
      },
      visualMap: {
        show: false,
        min: 0,
        max: Math.max(1, ...cells.map(([, , value]) => value)),
        inRange: { color: ["#14304f", "#1f60c4", "#5794f2", "#c0d8ff"] },
      },
      series: [{ type: "heatmap", data: cells, itemStyle: { borderWidth: 0 } }],
    },
    size,
  );
}

/** A bar for each stretch of time in which a series has a value. */
export function stateTimeline({ series }: PanelData, times: readonly number[], size: Size): string {
  const bars = series.flatMap(({ values }, row) =>
    stretches(values).map(([from, to]) => [row, times[from]!, times[to]!]),
  );
  return svgOf(
    {
      // names are wider than they are thought to be, where the font is another one
      grid: { ...margins, left: 28 },
      xAxis: timeAxis(times),
      yAxis: {
        type: "category",
        data: series.map(({ name }) => name),
        axisLabel: { ...axisText, color: theme.text },
        axisLine: { show: false },
        axisTick: { show: false },
      },
      series: [
        {
          type: "custom",
          data: bars,
          encode: { x: [1, 2], y: 0 },
          renderItem: (_: unknown, api: echarts.CustomSeriesRenderItemAPI) => {
            const row = api.value(0);
            const [left, middle] = api.coord([api.value(1), row]) as [number, number];
            const [right] = api.coord([api.value(2), row]) as [number, number];
            const height = Math.min(36, (api.size!([0, 1]) as number[])[1]! * 0.7);
            const width = Math.max(3, right - left);
            return {
              type: "rect",
              shape: { x: left, y: middle - height / 2, width, height, r: 2 },
              style: { fill: seriesColor(Number(row)), opacity: 0.85 },
            };
          },
        },
      ],
    },
    size,
  );
}

/** First and last place of each unbroken run of values. */
export function stretches(values: readonly (number | null)[]): [from: number, to: number][] {
  const found: [number, number][] = [];
  values.forEach((value, index) => {
    if (value === null) return;
    const last = found.at(-1);
    if (last?.[1] === index - 1) last[1] = index;
    else found.push([index, index]);
  });
  return found;
}
