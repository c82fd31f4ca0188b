import { dashboards } from "../../../../components/monitoring/dashboards/index.ts";
import { panelQueries } from "../../../../tools/dashboards/queries.ts";
import { checkRules } from "../alerts/rules.ts";
import { faultsOf, parseQuery } from "../../../support/promql.ts";
import { promtool } from "../../../support/promtool.ts";
import { withoutKubeStateMetrics } from "./withoutKubeStateMetrics.ts";

const queries = dashboards().flatMap((dashboard) => panelQueries(dashboard));
const named = queries.map((query) => ({
  ...query,
  name: `${query.dashboard} / ${query.panel} / ${query.refId}`,
}));

test("there are queries, and all variables are replaced", () => {
  expect(queries.length).toBeGreaterThan(60);
  expect(queries.filter(({ expr }) => expr.includes("$"))).toEqual([]);
});

test.each(named)("$name queries only exported metrics", ({ expr }) => {
  expect(faultsOf(expr)).toEqual([]);
});

test("every legend names labels that the query keeps", () => {
  const lost = named.flatMap(({ name, expr, legend }) => {
    const { grouping } = parseQuery(expr);
    const wanted = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!);
    return wanted.filter((label) => !grouping.includes(label)).map((label) => `${name}: ${label}`);
  });
  expect(lost).toEqual([]);
});

test("exactly the queries on the list need kube-state-metrics", () => {
  const needing = queries.filter(({ expr }) =>
    expr.split(/\bor\b/).every((alternative) => /\bkube_/.test(alternative)),
  );
  const listed = withoutKubeStateMetrics.map(({ dashboard, panel, refId }) => ({
    dashboard,
    panel,
    refId,
  }));
  expect(needing.map(({ dashboard, panel, refId }) => ({ dashboard, panel, refId }))).toEqual(
    listed,
  );
});

const found = promtool();
const testWithPromtool = "path" in found ? test : test.skip;
testWithPromtool(
  `Prometheus 2 knows every function in use${"reason" in found ? ` (skipped: ${found.reason})` : ""}`,
  () => {
    const rules = queries.map(({ expr }, index) => ({ record: `query_${index}`, expr }));
    const path = "path" in found ? found.path : "";
    const { output, ok } = checkRules(path, [{ name: "queries", rules: rules as never[] }]);
    expect(output).toContain(`SUCCESS: ${queries.length} rules found`);
    expect(ok).toBe(true);
  },
);

describe("the checks find", () => {
  test.each([
    ["sum(rate(up[1m])", ["is not PromQL at: end of the query"]],
    ["sum(no_such_metric)", ["no_such_metric is not on the list"]],
    ['up{colour="red"}', ["up has no label colour"]],
    ['up{job="x"}', ["up is filtered by job, which differs between charts"]],
    ["sum by (le) (up)", ["groups by le, which none of its metrics has"]],
    [
      "up * on (run_id) group_left (name) pg_up",
      [
        "groups by run_id, which none of its metrics has",
        "groups by name, which none of its metrics has",
      ],
    ],
    ['{__name__="up"}', ["a selector without a name is not on the list"]],
  ])("what is wrong with %s", (expr, faults) => {
    expect(faultsOf(expr)).toEqual(faults);
  });
});
