import { runbookLink } from "../runbookLinks.ts";
import { availability } from "./availabilityAlerts.ts";
import { backups } from "./backupAlerts.ts";
import { cluster } from "./clusterAlerts.ts";
import { dask } from "./daskAlerts.ts";
import { models, modelServers } from "./modelAlerts.ts";
import { alerting, monitoring } from "./monitoringAlerts.ts";
import { type Alert, asRule, type RuleGroup } from "./alertRule.ts";

export type { AlertRule, RuleGroup } from "./alertRule.ts";

/** What can be chosen about the platform's alerts. */
export interface AlertRulesOptions {
  /** Registered names of the models that must have a server that answers. Defaults to none. */
  models?: readonly string[];
  /** URL of the folder with the runbooks, where they are published. Defaults to the dashboard _Runbooks_ of Grafana. */
  runbookBaseUrl?: string;
  /** URL of Grafana, for that dashboard. Without both URLs alerts have no link to their runbook. */
  grafanaUrl?: string;
  /** Whether there is an Alertmanager. Defaults to true. Without it the alerts about it are left out: they would always fire. */
  alertmanager?: boolean;
}

/** The alerts of the platform, by concern. */
export function alertRules(options: AlertRulesOptions = {}): RuleGroup[] {
  const { models: names = [], alertmanager = true } = options;
  const group = (name: string, alerts: readonly Alert[]): RuleGroup => ({
    name,
    rules: alerts.map((alert) => asRule(alert, runbookLink(alert.name, options))),
  });
  return [
    group("availability", availability),
    group("models", names.length > 0 ? [modelServers(names), ...models] : models),
    group("cluster", cluster),
    group("backups", backups),
    group("dask", dask),
    group("monitoring", [...monitoring, ...(alertmanager ? alerting : [])]),
  ];
}
