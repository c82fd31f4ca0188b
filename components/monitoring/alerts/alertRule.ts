/** A rule of Prometheus that raises an alert. */
export interface AlertRule {
  /** Name of the alert, and of its runbook. */
  alert: string;
  /** PromQL; every series that it returns is an alert. */
  expr: string;
  /** How long the expression must hold before the alert fires. Defaults to no time. */
  for?: string;
  /** Labels of the alert. `severity` is `critical` (needs attention now), `warning` (today) or `info` (no notification). */
  labels: { [name: string]: string };
  /** `summary` says in one line what is wrong and with what, `description` what it means for people, `runbook_url` where to read on. Each may be a template of Prometheus. */
  annotations: { [name: string]: string };
}

/** Rules that are evaluated one after the other. */
export interface RuleGroup {
  /** Name of the group, unique among the groups. */
  name: string;
  /** Time between two evaluations. Defaults to the server's. */
  interval?: string;
  /** Alerts, evaluated one after the other. */
  rules: AlertRule[];
}

/** An alert as it is written down here: the rest follows from its name. */
export interface Alert {
  name: string;
  severity: "critical" | "warning" | "info";
  for?: string;
  /** Further labels, for alerts about something that is gone and left none. */
  labels?: { [name: string]: string };
  expr: string;
  summary: string;
  description: string;
}

export function asRule(alert: Alert, runbookUrl?: string): AlertRule {
  const { name, severity, labels, expr, summary, description } = alert;
  return {
    alert: name,
    expr,
    ...(alert.for === undefined ? {} : { for: alert.for }),
    labels: { severity, ...labels },
    annotations: {
      summary,
      description,
      ...(runbookUrl === undefined ? {} : { runbook_url: runbookUrl }),
    },
  };
}
