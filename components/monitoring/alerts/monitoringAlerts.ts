import type { Alert } from "./alertRule.ts";

/** Prometheus' own health; the names are those of prometheus-mixin. */
export const monitoring: Alert[] = [
  {
    name: "Watchdog",
    severity: "info",
    expr: "vector(1)",
    summary: "Alerts are evaluated and sent",
    description:
      "This alert always fires. Route it to a service outside the cluster that expects it: when it stops arriving, Prometheus, Alertmanager or the route out of the cluster is broken.",
  },
  {
    name: "PrometheusBadConfig",
    severity: "critical",
    for: "5m",
    expr: "max_over_time(prometheus_config_last_reload_successful[5m]) == 0",
    summary: "Prometheus could not read its configuration",
    description:
      "Prometheus at {{ $labels.instance }} rejected its configuration and keeps using the previous one. Changes to jobs and rules have no effect.",
  },
  {
    name: "PrometheusRuleFailures",
    severity: "critical",
    for: "5m",
    expr: "sum by (instance, rule_group) (increase(prometheus_rule_evaluation_failures_total[5m])) > 0",
    summary: "Prometheus cannot evaluate rules",
    description:
      "Rules of the group {{ $labels.rule_group }} failed {{ $value | humanize }} times in 5 minutes. Their alerts do not fire.",
  },
  {
    name: "PrometheusTargetSyncFailure",
    severity: "critical",
    for: "5m",
    expr: "sum by (instance, scrape_job) (increase(prometheus_target_sync_failed_total[30m])) > 0",
    summary: "Prometheus could not set up scrape targets",
    description:
      "Targets of the job {{ $labels.scrape_job }} could not be set up {{ $value | humanize }} times in 30 minutes: the job's configuration is wrong, and they are not scraped.",
  },
  {
    name: "PrometheusOutOfOrderTimestamps",
    severity: "warning",
    for: "10m",
    expr: "sum by (instance) (rate(prometheus_target_scrapes_sample_out_of_order_total[5m]) + rate(prometheus_target_scrapes_sample_duplicate_timestamp_total[5m])) > 0",
    summary: "Prometheus drops samples",
    description:
      'Prometheus at {{ $labels.instance }} drops {{ $value | printf "%.2g" }} samples per second, because two targets write the same series or one gives old timestamps.',
  },
  {
    name: "PrometheusTSDBCompactionsFailing",
    severity: "warning",
    for: "15m",
    expr: "increase(prometheus_tsdb_compactions_failed_total[3h]) > 0",
    summary: "Prometheus cannot compact its data",
    description:
      "{{ $value | humanize }} compactions of {{ $labels.instance }} failed in 3 hours. The usual cause is a full volume, with which it soon drops samples.",
  },
  {
    name: "PrometheusHistoryShortened",
    severity: "info",
    expr: "increase(prometheus_tsdb_size_retentions_total[1d]) > 0",
    summary: "Prometheus keeps less history than configured",
    description:
      "Prometheus at {{ $labels.instance }} deleted old data because `retentionSize` was reached before `retention`. Enlarge its volume or shorten `retention`.",
  },
];

/** The alerts that require an Alertmanager. */
export const alerting: Alert[] = [
  {
    name: "PrometheusNotConnectedToAlertmanagers",
    severity: "warning",
    for: "5m",
    expr: "max_over_time(prometheus_notifications_alertmanagers_discovered[5m]) < 1",
    summary: "Prometheus has no Alertmanager",
    description:
      "Prometheus at {{ $labels.instance }} has discovered no Alertmanager. Alerts are visible in Prometheus and Grafana only.",
  },
  {
    name: "PrometheusErrorSendingAlertsToAnyAlertmanager",
    severity: "critical",
    for: "5m",
    expr: "sum by (instance) (rate(prometheus_notifications_errors_total[5m])) / sum by (instance) (rate(prometheus_notifications_sent_total[5m])) > 0.03",
    summary: "Alerts do not reach Alertmanager",
    description:
      "{{ $value | humanizePercentage }} of the alerts that Prometheus at {{ $labels.instance }} sent in 5 minutes were not accepted.",
  },
  {
    name: "AlertmanagerDown",
    severity: "critical",
    for: "2m",
    expr: "absent(alertmanager_build_info)",
    summary: "Alertmanager does not answer",
    description:
      "Prometheus has not been able to scrape Alertmanager for 2 minutes. No notifications are sent, not even for this alert; it is visible in Prometheus and Grafana only.",
  },
  {
    name: "AlertmanagerFailedReload",
    severity: "critical",
    for: "5m",
    expr: "max_over_time(alertmanager_config_last_reload_successful[5m]) == 0",
    summary: "Alertmanager could not read its configuration",
    description:
      "Alertmanager at {{ $labels.instance }} refused its last configuration and works with the one before. Changes to receivers have no effect.",
  },
  {
    name: "AlertmanagerFailedToSendAlerts",
    severity: "critical",
    for: "5m",
    expr: "sum by (instance, integration) (rate(alertmanager_notifications_failed_total[5m])) / sum by (instance, integration) (rate(alertmanager_notifications_total[5m])) > 0.01",
    summary: "Alertmanager cannot send by {{ $labels.integration }}",
    description:
      "{{ $value | humanizePercentage }} of the notifications by {{ $labels.integration }} failed in the last 5 minutes: receivers on this channel are not being notified.",
  },
];
