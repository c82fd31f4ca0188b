import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { alertRules, type RuleGroup } from "../../../../components/monitoring/alerts/index.ts";
import { runbookPath } from "../../../../components/monitoring/runbookLinks.ts";
import type { Firing, Run } from "./cases/case.ts";

const grafanaUrl = "https://grafana.example.com";
export const runbook = (alert: string) => `${grafanaUrl}${runbookPath(alert)}`;

/** The alerts of a platform with three models. */
export const groups = alertRules({ models: ["churn", "prices", 'a "b" ü'], grafanaUrl });

/** What promtool has to say about the rules. */
export interface Verdict {
  ok: boolean;
  output: string;
}

/** `promtool check rules`, for which a warning is a fault, too. */
export const checkRules = (promtool: string, groups: readonly RuleGroup[]): Verdict =>
  inFolder((folder) => {
    writeRules(folder, "rules.yml", groups);
    return promtoolRun(promtool, folder, ["check", "rules", "--lint-fatal", "rules.yml"]);
  });

/** `promtool test rules` with the runs of one alert. */
export const testRule = (
  promtool: string,
  groups: readonly RuleGroup[],
  alert: string,
  runs: readonly Run[],
): Verdict =>
  inFolder((folder) => {
    // the other rules would only take time
    writeRules(folder, `${alert}.rules.yml`, only(alert, groups));
    writeFileSync(join(folder, `${alert}.yml`), stringify(testFile(alert, runs)));
    return promtoolRun(promtool, folder, ["test", "rules", `${alert}.yml`]);
  });

const writeRules = (folder: string, file: string, groups: readonly RuleGroup[]) =>
  writeFileSync(join(folder, file), stringify({ groups }));

const only = (alert: string, groups: readonly RuleGroup[]): RuleGroup[] =>
  groups
    .map((group) => ({ ...group, rules: group.rules.filter((rule) => rule.alert === alert) }))
    .filter(({ rules }) => rules.length > 0);

function testFile(alert: string, runs: readonly Run[]) {
  return {
    rule_files: [`${alert}.rules.yml`],
    evaluation_interval: "15s",
    tests: runs.map(({ when, series, interval = "15s", fires = {}, quiet = [] }) => ({
      name: when,
      interval,
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      alert_rule_test: [
        ...quiet.map((time) => ({ eval_time: time, alertname: alert, exp_alerts: [] })),
        ...Object.entries(fires).map(([time, firings]) => ({
          eval_time: time,
          alertname: alert,
          exp_alerts: firings.map((firing) => expected(alert, firing)),
        })),
      ],
    })),
  };
}

const expected = (alert: string, { labels, summary, description }: Firing) => ({
  exp_labels: labels,
  exp_annotations: { summary, description, runbook_url: runbook(alert) },
});

function inFolder<Result>(work: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), "mlops-rules-"));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What goes to standard output and to standard error stays in the order in which it was printed. */
function promtoolRun(promtool: string, cwd: string, args: string[]): Verdict {
  const log = join(cwd, "output.log");
  const file = openSync(log, "w");
  const { status, error } = spawnSync(promtool, args, { cwd, stdio: ["ignore", file, file] });
  closeSync(file);
  if (error) throw error;
  return { ok: status === 0, output: readFileSync(log, "utf8") };
}
