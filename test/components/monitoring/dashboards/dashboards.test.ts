import { prometheusDatasourceUid } from "../../../../components/monitoring/dashboards/panels.ts";
import { dashboards } from "../../../../components/monitoring/dashboards/index.ts";
import { type GrafanaPanel, parseDashboard } from "../../../../tools/dashboards/queries.ts";

const all = dashboards().map((dashboard) => ({ ...dashboard, board: parseDashboard(dashboard) }));
const uids = all.map(({ uid }) => uid);

const twice = <Value>(values: readonly Value[]) =>
  values.filter((value, index) => values.indexOf(value) !== index);

test("every dashboard has a uid and its own title", () => {
  expect(all.map(({ title }) => title)).toEqual([
    "Home",
    "Models",
    "Tracking",
    "Front end",
    "Cluster",
    "Runbooks",
  ]);
  expect(twice(uids)).toEqual([]);
  expect(all.map(({ board }) => board.uid)).toEqual(uids);
  // Grafana allows 40 characters
  expect(uids.filter((uid) => !/^[a-z-]{1,40}$/.test(uid))).toEqual([]);
});

test("the same text comes out at every call", () => {
  expect(dashboards()).toEqual(dashboards());
});

describe.each(all)("$title", ({ board, json, uid }) => {
  const panels = board.panels.filter(({ type }) => type !== "row");
  const drawn = panels.filter(({ type }) => type !== "text");

  test("numbers each panel once and names it once", () => {
    expect(twice(board.panels.map(({ id }) => id))).toEqual([]);
    expect(twice(panels.map(({ title }) => title))).toEqual([]);
  });

  test("every panel has a description and a query", () => {
    expect(panels.filter(({ description }) => !/^[A-Z].{40,}\.$/s.test(description ?? ""))).toEqual(
      [],
    );
    expect(drawn.filter(({ targets }) => !targets?.length)).toEqual([]);
  });

  test("every query goes to our data source", () => {
    const sources = [...json.matchAll(/"datasource": (\{[^}]*\})/g)].map(
      ([, source]) => JSON.parse(source!) as object,
    );
    expect(sources.length).toBeGreaterThanOrEqual(drawn.length);
    const ours = { type: "prometheus", uid: prometheusDatasourceUid };
    expect(sources.filter((source) => JSON.stringify(source) !== JSON.stringify(ours))).toEqual([]);
  });

  test("panels are inside the grid, do not overlap, and full rows end together", () => {
    expect(board.panels.filter(({ gridPos: { x, w } }) => x < 0 || x + w > 24)).toEqual([]);
    expect(
      board.panels.flatMap((panel, index) =>
        board.panels
          .slice(index + 1)
          .filter((other) => overlap(panel, other))
          .map((other) => `${panel.title} on ${other.title}`),
      ),
    ).toEqual([]);
    expect(gaps(board.panels)).toEqual([]);
  });

  test("its links lead to the other dashboards", () => {
    const others = uids.filter((other) => other !== uid).map((other) => `/d/${other}`);
    expect(board.links.map(({ url }) => url).sort()).toEqual(others.sort());
    const everywhere = [...json.matchAll(/\/d\/([\w-]+)/g)].map(([, target]) => target!);
    expect(everywhere.filter((target) => !uids.includes(target))).toEqual([]);
  });

  test("every variable is in use", () => {
    const unused = board.templating.list.filter(
      ({ name }) => !drawn.some(({ targets }) => JSON.stringify(targets).includes(`$${name}`)),
    );
    expect(unused).toEqual([]);
  });

  test("the columns of a table are what its query returns", () => {
    for (const { targets, transformations } of panels.filter(({ type }) => type === "table")) {
      const organize = transformations?.find(({ id }) => id === "organize");
      const { renameByName = {}, excludeByName = {} } = organize?.options ?? {};
      const fields = [...Object.keys(renameByName), ...Object.keys(excludeByName)];
      const kept = targets!.flatMap(({ expr }) => /\bby \(([^)]*)\)/.exec(expr)![1]!.split(", "));
      const labels = new Set(kept.filter((label) => label !== "le"));
      const values = targets!.map(({ refId }) =>
        targets!.length > 1 ? `Value #${refId}` : "Value",
      );
      expect(fields.sort()).toEqual([...labels, ...values, "Time"].sort());
    }
  });
});

function overlap({ gridPos: one }: GrafanaPanel, { gridPos: other }: GrafanaPanel): boolean {
  return (
    one.x < other.x + other.w &&
    other.x < one.x + one.w &&
    one.y < other.y + other.h &&
    other.y < one.y + one.h
  );
}

/** Lines of the grid that no panel fills to the end. */
function gaps(panels: readonly GrafanaPanel[]): number[] {
  const height = Math.max(...panels.map(({ gridPos: { y, h } }) => y + h));
  return [...Array(height).keys()].filter((line) => {
    const widths = panels
      .filter(({ gridPos: { y, h } }) => y <= line && line < y + h)
      .map(({ gridPos: { w } }) => w);
    return widths.reduce((sum, width) => sum + width, 0) !== 24;
  });
}
