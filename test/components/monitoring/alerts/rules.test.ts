import {
  type AlertRulesOptions,
  alertRules,
} from "../../../../components/monitoring/alerts/index.ts";
import { faultsOf } from "../../../support/promql.ts";

const rules = alertRules().flatMap((group) => group.rules);
const named = rules.map((rule) => ({
  name: `${rule.alert} (${rule.labels["severity"]})`,
  ...rule,
}));
const names = (options?: AlertRulesOptions) =>
  alertRules(options).flatMap((group) => group.rules.map(({ alert }) => alert));

/** Prometheus' durations in seconds. */
const seconds = (duration: string) =>
  Number.parseInt(duration) * { s: 1, m: 60, h: 3600 }[duration.at(-1) as "s" | "m" | "h"];

test.each(named)("$name asks only for what is exported", ({ expr }) => {
  expect(faultsOf(expr)).toEqual([]);
});

test.each(named)("$name speaks in sentences and names its runbook", (rule) => {
  const { annotations, labels, alert } = rule;
  expect(annotations["summary"]).toMatch(/^[A-Z{][^\n]{10,90}[^.]$/);
  expect(annotations["description"]).toMatch(/^[A-Z{].{40,}\.$/);
  expect(annotations["runbook_url"]).toBe(`docs/runbooks/${alert}.md`);
  expect(Object.keys(annotations)).toHaveLength(3);
  expect(["critical", "warning", "info"]).toContain(labels["severity"]);
});

test("no group and no rule is there twice", () => {
  const groups = alertRules().map(({ name }) => name);
  expect(new Set(groups).size).toBe(groups.length);
  const rows = named.map(({ name }) => name);
  expect(new Set(rows).size).toBe(rows.length);
});

test("the runbooks can be anywhere", () => {
  for (const runbookBaseUrl of ["https://example.com/runbooks", "https://example.com/runbooks/"]) {
    const [group] = alertRules({ runbookBaseUrl });
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

test("a lost database calls within two minutes of two scrapes, two evaluations and the pause", () => {
  const rule = rules.find(({ alert }) => alert === "PostgresUnreachable")!;
  const interval = 15;
  expect(seconds(rule.for!) + 4 * interval).toBeLessThanOrEqual(90);
});
