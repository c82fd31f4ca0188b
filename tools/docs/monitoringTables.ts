import { alertRules } from "../../components/monitoring/alerts/index.ts";
import { dashboards } from "../../components/monitoring/dashboards/index.ts";
import { type ExporterName, exporters, metrics } from "../../components/monitoring/metrics.ts";
import { panelQueries } from "../dashboards/queries.ts";
import { UserError } from "../../local/support/errors.ts";

export interface Table {
  headings: readonly string[];
  rows: readonly (readonly string[])[];
}

const alerts = alertRules({ models: ["model"] });

/** The alerts with their runbooks, in the order of the rules. */
export function alertsTable(): Table {
  const rows = alerts.flatMap(({ rules }) =>
    rules.map((rule) => [
      `[${rule.alert}](${rule.alert}.md)`,
      rule.labels["severity"]!,
      rule.for ?? "at once",
      rule.annotations["summary"]!.replaceAll(/\{\{ (?:or )?\$labels\.(\w+)[^}]*\}\}/g, "_$1_"),
    ]),
  );
  return { headings: ["Alert", "Severity", "After", "What is wrong"], rows };
}

/** The metrics of one exporter, and the dashboards and alerts that use them. */
export function metricsTable(of: string): Table {
  if (!Object.hasOwn(exporters, of)) {
    const known = Object.keys(exporters).join(", ");
    throw new UserError(`${of} is not an exporter; they are ${known}`);
  }
  const rows = Object.entries(metrics)
    .filter(([, { exporter }]) => exporter === (of as ExporterName))
    .map(([name, { labels, meaning }]) => [
      `\`${name}\``,
      labels.map((label) => `\`${label}\``).join(", "),
      meaning,
      usersOf(name).join(", "),
    ]);
  return { headings: ["Metric", "Own labels", "Meaning", "Used by"], rows };
}

/** Titles of dashboards and names of alerts. */
function usersOf(metric: string): string[] {
  const asks = ({ expr }: { expr: string }) => new RegExp(`\\b${metric}\\b`).test(expr);
  const boards = dashboards().filter((dashboard) => panelQueries(dashboard).some(asks));
  const rules = alerts.flatMap((group) => group.rules.filter(asks));
  return [...boards.map(({ title }) => `_${title}_`), ...new Set(rules.map(({ alert }) => alert))];
}
