import { dashboards } from "../../../../components/monitoring/dashboards/index.ts";
import { labelsOf, metrics } from "../../../../components/monitoring/metrics.ts";
import { panelQueries, parseDashboard } from "../../../../tools/dashboards/queries.ts";
import { groups } from "../alerts/rules.ts";
import { parseQuery } from "../../../support/promql.ts";

/** `label_values(series, label)` of every variable. */
const variables = dashboards().flatMap((dashboard) =>
  parseDashboard(dashboard).templating.list.map(({ name, query }) => {
    const [, series, label] = /^label_values\((.*), (\w+)\)$/.exec(query.query) ?? [];
    return { title: `${dashboard.title} / ${name}`, name, series: series!, label: label! };
  }),
);

const asked = [
  ...dashboards().flatMap((dashboard) => panelQueries(dashboard).map(({ expr }) => expr)),
  ...groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)),
  ...variables.map(({ series }) => series),
].flatMap((expr) => parseQuery(expr).selectors.map(({ metric }) => metric));

test("the list has only metrics that a query uses", () => {
  expect(Object.keys(metrics).filter((metric) => !asked.includes(metric))).toEqual([]);
});

test.each(variables)("the variable $title lists the values of a label", (variable) => {
  const [selector] = parseQuery(variable.series).selectors;
  expect(labelsOf(metrics[selector!.metric]!)).toContain(variable.label);
  expect(variable.label).toBe(variable.name);
});
