/** A rule of Prometheus that raises an alert. */
export interface AlertRule {
  /** Name of the alert, and of its runbook. */
  alert: string;
  /** PromQL; every series that it returns is an alert. */
  expr: string;
  /** How long it must have been so. Defaults to at once. */
  for?: string;
  labels: {
    /** `critical`: somebody should look now; `warning`: today; `info`: nobody is called. */
    severity: "critical" | "warning" | "info";
  } & { [name: string]: string };
  annotations: {
    /** One line that says what is wrong, and with what. */
    summary: string;
    /** The values, what it means for people, and the first thing to do. */
    description: string;
    /** Where to read on. */
    runbook_url: string;
  };
}

/** Rules that are evaluated one after the other. */
export interface RuleGroup {
  name: string;
  /** Time between two evaluations. Defaults to the server's. */
  interval?: string;
  rules: AlertRule[];
}

/** An alert as it is written down here: the rest follows from its name. */
export interface Alert {
  name: string;
  severity: AlertRule["labels"]["severity"];
  for?: string;
  /** Further labels, for alerts about something that is gone and left none. */
  labels?: { [name: string]: string };
  expr: string;
  summary: string;
  description: string;
}

export function asRule(alert: Alert, runbookBaseUrl: string): AlertRule {
  const { name, severity, labels, expr, summary, description } = alert;
  return {
    alert: name,
    expr,
    ...(alert.for === undefined ? {} : { for: alert.for }),
    labels: { severity, ...labels },
    annotations: {
      summary,
      description,
      runbook_url: `${runbookBaseUrl.replace(/\/+$/, "")}/${name}.md`,
    },
  };
}
