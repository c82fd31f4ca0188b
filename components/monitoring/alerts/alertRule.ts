/** A rule of Prometheus that raises an alert. */
export interface AlertRule {
  /** Name of the alert, and of its runbook. */
  alert: string;
  /** PromQL; every series that it returns is an alert. */
  expr: string;
  /** How long the expression must hold before the alert fires. Defaults to firing at once. */
  for?: string;
  /** Labels of the alert. `severity` is `critical` (needs attention now), `warning` (today) or `info` (no notification). */
  labels: { [name: string]: string };
  /** `summary` names the problem and the affected object in one line, `description` explains the effect on people, `runbook_url` links to the runbook. Prometheus templates are allowed. */
  annotations: { [name: string]: string };
}

/** Rules that are evaluated one after the other. */
export interface RuleGroup {
  /** Name of the group, unique among the groups. */
  name: string;
  /** Evaluation interval. Defaults to the server's. */
  interval?: string;
  /** Alerts, evaluated in order. */
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
