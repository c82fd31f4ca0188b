import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dashboards } from "../../../../components/monitoring/dashboards/index.ts";
import { buckets, lines, stretches } from "../../../../tools/dashboards/drawings.ts";
import { page } from "../../../../tools/dashboards/page.ts";
import {
  type DashboardData,
  readDashboard,
  type Series,
} from "../../../../tools/dashboards/panelData.ts";
import { saveJson, savePictures } from "../../../../tools/dashboards/pictures.ts";
import { lastMinutes, queryRange } from "../../../../tools/dashboards/prometheusApi.ts";
import { panelQueries } from "../../../../tools/dashboards/queries.ts";
import { format } from "../../../../tools/dashboards/units.ts";
import { findBrowser } from "../../../../tools/dashboards/browser.ts";

/** The dashboard of the runbooks has only words. */
const drawn = dashboards().filter((dashboard) => panelQueries(dashboard).length > 0);
const range = lastMinutes(10, 1_767_268_807_000);
const series = (labels: Record<string, string>, values: (number | null)[]): Series => ({
  refId: "A",
  name: "a",
  labels,
  values,
});

/** A Prometheus that gives every query the same answer. */
async function withAnswer<Result>(body: string, work: (url: string) => Promise<Result>) {
  const server: Server = createServer((request, response) => {
    request.resume().on("end", () => response.end(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.close();
  }
}

const rowsOf = (rows: object[]) => JSON.stringify({ status: "success", data: { result: rows } });
const values = [0, 15, 30, 60].map((after) => [range.start + after, after === 30 ? "NaN" : "3"]);
const oneSeries = rowsOf([
  { metric: { model_version: "2", feature: "<bmi>", le: "1.0" }, values, value: [range.end, "3"] },
]);
const read = (answer: string) =>
  withAnswer(answer, (url) =>
    Promise.all(drawn.map((dashboard) => readDashboard(url, dashboard, range))),
  );

test.each([
  [0, "percent", undefined, "0%"],
  [99.56, "percent", undefined, "99.6%"],
  [1536, "bytes", undefined, "1.5 KiB"],
  [0, "bytes", undefined, "0 B"],
  [2_500_000, "Bps", undefined, "2.5 MB/s"],
  [0.0421, "s", undefined, "42.1 ms"],
  [0.00004, "s", undefined, "40 µs"],
  [90, "s", undefined, "90 s"],
  [600, "s", undefined, "10 min"],
  [12_345, "short", undefined, "12.3 K"],
  [4, "short", 0, "4"],
  [0.126, "short", 2, "0.13"],
  [1.234, "reqps", undefined, "1.23 req/s"],
  [7, "ops", 1, "7.0 ops/s"],
])("%d %s with decimals %s is written %s", (value, unit, decimals, text) => {
  expect(format(value, unit, decimals)).toBe(text);
});

test("the last minutes end at a whole step and have about 240 of them", () => {
  expect(range).toEqual({ start: 1_767_268_200, end: 1_767_268_800, step: 15 });
  const day = lastMinutes(1440, 1_767_268_807_000);
  expect(day.step).toBe(360);
  expect((day.end - day.start) / day.step).toBe(240);
});

test("a missing value or NaN is a gap", async () => {
  const [, models] = await read(oneSeries);
  const predictions = models!.panels.find(({ panel }) => panel.title === "Requests by version")!;
  expect(models!.times).toHaveLength(41);
  expect(predictions.series[0]!.values.slice(0, 6)).toEqual([3, 3, null, null, 3, null]);
  expect(predictions.series[0]!.name).toBe("version 2");
});

test("buckets exclude the counts of smaller ones, and are ordered upward", () => {
  const counted = [
    series({ le: "+Inf" }, [10, null]),
    series({ le: "10.0" }, [7, 4]),
    series({ le: "5.0" }, [2, 4]),
  ];
  expect(buckets(counted)).toEqual([
    { name: "5.0", values: [2, 4] },
    { name: "10.0", values: [5, 0] },
    { name: "+Inf", values: [3, 0] },
  ]);
});

test("a stretch ends where there is no value", () => {
  expect(stretches([null, 1, 1, null, 1])).toEqual([
    [1, 2],
    [4, 4],
  ]);
});

test("the same data make the same drawing, and other data another one", () => {
  const { panels } = { panels: dashboards().flatMap(({ json }) => JSON.parse(json).panels) };
  const panel = panels.find(({ title }: { title: string }) => title === "Network");
  const draw = (...numbers: number[]) =>
    lines({ panel, series: [series({}, numbers)] }, [0, 15_000, 30_000], {
      width: 300,
      height: 99,
    }).replaceAll(/zr\d+/g, "zr");
  expect(draw(1, 2, 3)).toBe(draw(1, 2, 3));
  expect(draw(1, 2, 3)).not.toBe(draw(1, 3, 2));
  expect(draw(1, 2, 3)).toMatch(/^<svg width="300" height="99"/);
});

describe("the page of a dashboard", () => {
  const titles = (text: string) => [...text.matchAll(/<h2>([^<]*)<\/h2>/g)].map(([, one]) => one);
  const panelsOf = (data: DashboardData) => data.panels.filter(({ panel }) => panel.type !== "row");

  test("has every panel, and says where there is no data", async () => {
    for (const data of await read(rowsOf([]))) {
      const text = page(data);
      expect(titles(text)).toEqual(panelsOf(data).map(({ panel }) => panel.title));
      const asking = panelsOf(data).filter(({ panel }) => panel.type !== "text");
      expect(text.match(/No data/g)).toHaveLength(asking.length);
      expect(text).not.toContain("<svg");
    }
  });

  test("draws the existing data, and escapes names", async () => {
    for (const data of await read(oneSeries)) {
      const text = page(data);
      expect(text).not.toContain("No data");
      expect(text).toContain("<svg");
      expect(text).not.toContain("<bmi>");
      expect(text).not.toMatch(/NaN|undefined|<script|https?:\/\/(?!www\.w3\.org)/);
    }
  });
});

test("a Prometheus that refuses or does not answer is reported in one sentence", async () => {
  const refusing = JSON.stringify({ status: "error", error: "parse error" });
  await expect(withAnswer(refusing, (url) => queryRange(url, "up(", range))).rejects.toThrow(
    /^Prometheus refused up\(: parse error$/,
  );
  const url = await withAnswer("", async (gone) => gone);
  await expect(queryRange(url, "up", range)).rejects.toThrow(
    /^no Prometheus answers at http:\/\/127\.0\.0\.1:\d+ \(.*\); look at its pods and their logs, or name another one with --prometheus URL$/,
  );
});

describe("files", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mlops-pictures-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("have the JSON that Grafana gets", () => {
    const files = saveJson(dashboards(), join(folder, "new"));
    expect(files.map((file) => readFileSync(file, "utf8"))).toEqual(
      dashboards().map(({ json }) => json),
    );
  });

  const browser = findBrowser();
  const testWithBrowser = browser === undefined ? test.skip : test;
  const why = browser === undefined ? " (skipped: no browser is installed)" : "";
  testWithBrowser(`have each dashboard as a picture of the page's width${why}`, async () => {
    const boards = await read(oneSeries);
    const files = await savePictures(boards.slice(0, 2), folder);
    expect(files.map((file) => file.slice(folder.length + 1))).toEqual([
      "dashboard-home.png",
      "dashboard-models.png",
    ]);
    const [home, models] = files.map((file) => readFileSync(file));
    expect(home!.subarray(1, 4).toString()).toBe("PNG");
    expect(home!.readUInt32BE(16)).toBe(1432);
    // taller than the window it was made in
    expect(models!.readUInt32BE(20)).toBeGreaterThan(home!.readUInt32BE(20));
  });
});
