import { badConfig } from "./badConfig.ts";
import type { AlertCases } from "./case.ts";

const prometheus = 'instance="localhost:9090",job="prometheus"';
const instance = { instance: "localhost:9090" };
const alertmanager = 'instance="alertmanager:9093",job="alertmanager"';

export const alerting: AlertCases = {
  PrometheusNotConnectedToAlertmanagers: [
    {
      when: "the only Alertmanager is gone",
      series: { [`prometheus_notifications_alertmanagers_discovered{${prometheus}}`]: "1x4 0x60" },
      quiet: ["10m"],
      fires: {
        "12m": [
          {
            labels: { severity: "warning", ...instance, job: "prometheus" },
            summary: "Prometheus has no Alertmanager",
            description:
              "Prometheus at localhost:9090 has discovered no Alertmanager. Alerts are visible in Prometheus and Grafana only.",
          },
        ],
      },
    },
    {
      when: "there is one, except for moments",
      series: {
        [`prometheus_notifications_alertmanagers_discovered{${prometheus}}`]:
          "1x4 0x10 1 0x10 1x60",
      },
      quiet: ["5m", "12m"],
    },
  ],
  PrometheusErrorSendingAlertsToAnyAlertmanager: [
    {
      when: "four in a hundred alerts are not accepted",
      series: {
        [`prometheus_notifications_errors_total{${prometheus},alertmanager="a"}`]: "0+4x60",
        [`prometheus_notifications_sent_total{${prometheus},alertmanager="a"}`]: "0+100x60",
      },
      quiet: ["5m"],
      fires: {
        "6m": [
          {
            labels: { severity: "critical", ...instance },
            summary: "Alerts do not reach Alertmanager",
            description:
              "4% of the alerts that Prometheus at localhost:9090 sent in 5 minutes were not accepted.",
          },
        ],
      },
    },
    {
      when: "one in fifty is not",
      series: {
        [`prometheus_notifications_errors_total{${prometheus},alertmanager="a"}`]: "0+1x60",
        [`prometheus_notifications_sent_total{${prometheus},alertmanager="a"}`]: "0+50x60",
      },
      quiet: ["10m"],
    },
  ],
  AlertmanagerDown: [
    {
      when: "Alertmanager cannot be read",
      series: { [`alertmanager_build_info{${alertmanager},version="0.25"}`]: "1x7 stale" },
      quiet: ["1m45s", "3m45s"],
      fires: {
        "4m": [
          {
            labels: { severity: "critical" },
            summary: "Alertmanager does not answer",
            description:
              "Prometheus has not been able to scrape Alertmanager for 2 minutes. No notifications are sent, not even for this alert; it is visible in Prometheus and Grafana only.",
          },
        ],
      },
    },
    {
      when: "it can",
      series: { [`alertmanager_build_info{${alertmanager},version="0.25"}`]: "1x60" },
      quiet: ["0m", "10m"],
    },
  ],
  AlertmanagerFailedReload: badConfig(
    `alertmanager_config_last_reload_successful{${alertmanager}}`,
    {
      labels: { severity: "critical", instance: "alertmanager:9093", job: "alertmanager" },
      summary: "Alertmanager could not read its configuration",
      description:
        "Alertmanager at alertmanager:9093 refused its last configuration and works with the one before. Changes to receivers have no effect.",
    },
  ),
  AlertmanagerFailedToSendAlerts: [
    {
      when: "one in fifty e-mails fails, for two reasons, and no webhook",
      series: {
        [`alertmanager_notifications_failed_total{${alertmanager},integration="email",reason="serverError"}`]:
          "0+1x60",
        [`alertmanager_notifications_failed_total{${alertmanager},integration="email",reason="other"}`]:
          "0+1x60",
        [`alertmanager_notifications_failed_total{${alertmanager},integration="webhook",reason="other"}`]:
          "0x60",
        [`alertmanager_notifications_total{${alertmanager},integration="email"}`]: "0+100x60",
        [`alertmanager_notifications_total{${alertmanager},integration="webhook"}`]: "0+8x60",
      },
      quiet: ["5m"],
      fires: {
        "6m": [
          {
            labels: {
              severity: "critical",
              instance: "alertmanager:9093",
              integration: "email",
            },
            summary: "Alertmanager cannot send by email",
            description:
              "2% of the notifications by email failed in the last 5 minutes: receivers on this channel are not being notified.",
          },
        ],
      },
    },
    {
      when: "eight in a thousand fail",
      series: {
        [`alertmanager_notifications_failed_total{${alertmanager},integration="email",reason="other"}`]:
          "0+1x60",
        [`alertmanager_notifications_total{${alertmanager},integration="email"}`]: "0+125x60",
      },
      quiet: ["10m"],
    },
  ],
};
