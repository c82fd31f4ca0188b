import { availability } from "./availabilityAlerts.ts";
import { backups } from "./backupAlerts.ts";
import { cluster } from "./clusterAlerts.ts";
import { models } from "./modelAlerts.ts";
import { alerting, monitoring } from "./monitoringAlerts.ts";
import { type Alert, asRule, type RuleGroup } from "./alertRule.ts";

export type { AlertRule, RuleGroup } from "./alertRule.ts";

/** What can be chosen about the platform's alerts. */
export interface AlertRulesOptions {
  /** URL of the folder with the runbooks. Defaults to `docs/runbooks`, their path in the repository. */
  runbookBaseUrl?: string;
  /** Whether there is an Alertmanager. Defaults to true. Without it the alerts about it are left out: they would always fire. */
  alertmanager?: boolean;
}

/** The alerts of the platform, by concern. */
export function alertRules(options: AlertRulesOptions = {}): RuleGroup[] {
  const { runbookBaseUrl = "docs/runbooks", alertmanager = true } = options;
  const group = (name: string, alerts: readonly Alert[]): RuleGroup => ({
    name,
    rules: alerts.map((alert) => asRule(alert, runbookBaseUrl)),
  });
  return [
    group("availability", availability),
    group("models", models),
    group("cluster", cluster),
    group("backups", backups),
    group("monitoring", [...monitoring, ...(alertmanager ? alerting : [])]),
  ];
}
