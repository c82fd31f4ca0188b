import {
  type AlertRulesOptions,
  alertRules,
} from "../../../../components/monitoring/alerts/index.ts";
import { parseDashboard } from "../../../../tools/dashboards/queries.ts";
import { dashboards } from "../../../../components/monitoring/dashboards/index.ts";
import { faultsOf } from "../../../support/promql.ts";
import { groups, runbook } from "./rules.ts";

const rules = groups.flatMap((group) => group.rules);
const named = rules.map((rule) => ({
  name: `${rule.alert} (${rule.labels["severity"]})`,
  ...rule,
}));
const names = (options?: AlertRulesOptions) =>
  alertRules(options).flatMap((group) => group.rules.map(({ alert }) => alert));

/** Prometheus' durations in seconds. */
const seconds = (duration: string) =>
  Number.parseInt(duration) * { s: 1, m: 60, h: 3600 }[duration.at(-1) as "s" | "m" | "h"];

test.each(named)("$name queries only exported metrics", ({ expr }) => {
  expect(faultsOf(expr)).toEqual([]);
});

test.each(named)("$name has full sentences and names its runbook", (rule) => {
  const { annotations, labels, alert } = rule;
  expect(annotations["summary"]).toMatch(/^[A-Z{][^\n]{10,90}[^.]$/);
  expect(annotations["description"]).toMatch(/^[A-Z{].{40,}\.$/);
  expect(annotations["runbook_url"]).toBe(runbook(alert));
  expect(Object.keys(annotations)).toHaveLength(3);
  expect(["critical", "warning", "info"]).toContain(labels["severity"]);
});

test("no group and no rule appears twice", () => {
  const titles = groups.map(({ name }) => name);
  expect(new Set(titles).size).toBe(titles.length);
  const rows = named.map(({ name }) => name);
  expect(new Set(rows).size).toBe(rows.length);
});

test("an alert of a model names the model, also in the rules that cover all models", () => {
  const ofModels = groups.find(({ name }) => name === "models")!.rules;
  expect(ofModels.map(({ alert }) => alert)).toContain("ModelServerUnavailable");
  for (const { annotations } of ofModels) {
    expect(annotations["summary"]).toContain("{{ $labels.model }}");
    expect(annotations["description"]).toContain("{{ $labels.model }}");
  }
});

test("a runbook is a panel of a dashboard in Grafana, which alerts link to", () => {
  const board = parseDashboard(dashboards().find(({ title }) => title === "Runbooks")!);
  for (const { alert } of rules) {
    const url = new URL(runbook(alert));
    const [, uid] = url.pathname.split("/d/");
    const id = Number(/^panel-(\d+)$/.exec(url.searchParams.get("viewPanel")!)![1]);
    const panel = board.panels.find((one) => one.id === id)!;
    expect([uid, panel.title]).toEqual([board.uid, alert]);
    expect(panel.options!.content).toMatch(/## Impact\n[^]*## Diagnose\n[^]*## Fix\n/);
    // what a link leads to is there
    expect(panel.options!.content).not.toMatch(
      /\]\((?!\/d\/mlops-runbooks\?viewPanel=panel-[1-9])/,
    );
  }
});

test("without a Grafana and without a page for them there is no link", () => {
  const urls = alertRules().flatMap((group) => group.rules.map((rule) => rule.annotations));
  expect(urls.filter((annotations) => "runbook_url" in annotations)).toEqual([]);
});

test("the runbooks can be anywhere", () => {
  for (const runbookBaseUrl of ["https://example.com/runbooks", "https://example.com/runbooks/"]) {
    const [group] = alertRules({ runbookBaseUrl, grafanaUrl: "http://localhost:31343" });
    expect(group!.rules[0]!.annotations["runbook_url"]).toBe(
      "https://example.com/runbooks/TargetDown.md",
    );
  }
});

test("without an Alertmanager the alerts about it are left out, and no others", () => {
  const kept = names({ alertmanager: false });
  expect(names().filter((name) => !kept.includes(name))).toEqual([
    "PrometheusNotConnectedToAlertmanagers",
    "PrometheusErrorSendingAlertsToAnyAlertmanager",
    "AlertmanagerDown",
    "AlertmanagerFailedReload",
    "AlertmanagerFailedToSendAlerts",
  ]);
  expect(kept.filter((name) => !names().includes(name))).toEqual([]);
});

test("a lost database fires within two minutes of two scrapes, two evaluations and the pause", () => {
  const rule = rules.find(({ alert }) => alert === "PostgresUnreachable")!;
  const interval = 15;
  expect(seconds(rule.for!) + 4 * interval).toBeLessThanOrEqual(90);
});
