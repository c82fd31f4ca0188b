import { badConfig } from "./badConfig.ts";
import type { AlertCases, Firing } from "./case.ts";

const prometheus = 'instance="localhost:9090",job="prometheus"';
const instance = { instance: "localhost:9090" };

const watchdog: Firing = {
  labels: { severity: "info" },
  summary: "Alerts are evaluated and sent",
  description:
    "This alert always fires. Route it to a service outside the cluster that expects it: when it stops arriving, Prometheus, Alertmanager or the route out of the cluster is broken.",
};

export const monitoring: AlertCases = {
  Watchdog: [
    { when: "everything works", series: {}, fires: { "0m": [watchdog], "1h": [watchdog] } },
    // it has no quiet time by its nature; the tests leave it out where they ask for one
  ],
  PrometheusBadConfig: badConfig(`prometheus_config_last_reload_successful{${prometheus}}`, {
    labels: { severity: "critical", ...instance, job: "prometheus" },
    summary: "Prometheus could not read its configuration",
    description:
      "Prometheus at localhost:9090 rejected its configuration and keeps using the previous one. Changes to jobs and rules have no effect.",
  }),
  PrometheusRuleFailures: [
    {
      when: "a group fails at each evaluation",
      series: {
        [`prometheus_rule_evaluation_failures_total{${prometheus},rule_group="models"}`]: "0+1x60",
        [`prometheus_rule_evaluation_failures_total{${prometheus},rule_group="cluster"}`]: "3x60",
      },
      quiet: ["5m"],
      fires: {
        "6m": [
          {
            labels: { severity: "critical", ...instance, rule_group: "models" },
            summary: "Prometheus cannot evaluate rules",
            description:
              "Rules of the group models failed 20 times in 5 minutes. Their alerts do not fire.",
          },
        ],
      },
    },
    {
      when: "one evaluation failed",
      series: {
        [`prometheus_rule_evaluation_failures_total{${prometheus},rule_group="models"}`]:
          "0x8 1x8 2x60",
      },
      quiet: ["5m", "12m", "15m"],
    },
  ],
  PrometheusTargetSyncFailure: [
    {
      when: "a job's targets cannot be set up",
      series: {
        [`prometheus_target_sync_failed_total{${prometheus},scrape_job="mlops-pods"}`]: "0x19 6x40",
      },
      quiet: ["9m45s"],
      fires: {
        "12m": [
          {
            labels: { severity: "critical", ...instance, scrape_job: "mlops-pods" },
            summary: "Prometheus could not set up scrape targets",
            description:
              "Targets of the job mlops-pods could not be set up 6 times in 30 minutes: the job's configuration is wrong, and they are not scraped.",
          },
        ],
      },
    },
    {
      when: "that was long ago",
      series: {
        [`prometheus_target_sync_failed_total{${prometheus},scrape_job="mlops-pods"}`]: "6x240",
      },
      quiet: ["10m", "1h"],
    },
  ],
  PrometheusOutOfOrderTimestamps: [
    {
      when: "two targets write the same series",
      series: {
        [`prometheus_target_scrapes_sample_out_of_order_total{${prometheus}}`]: "0+1x80",
        [`prometheus_target_scrapes_sample_duplicate_timestamp_total{${prometheus}}`]: "0+2x80",
      },
      quiet: ["10m"],
      fires: {
        "15m": [
          {
            labels: { severity: "warning", ...instance },
            summary: "Prometheus drops samples",
            description:
              "Prometheus at localhost:9090 drops 0.2 samples per second, because two targets write the same series or one gives old timestamps.",
          },
        ],
      },
    },
    {
      when: "it happened once",
      series: {
        [`prometheus_target_scrapes_sample_out_of_order_total{${prometheus}}`]: "0x4 9x80",
        [`prometheus_target_scrapes_sample_duplicate_timestamp_total{${prometheus}}`]: "0x80",
      },
      quiet: ["5m", "12m", "15m"],
    },
  ],
  PrometheusTSDBCompactionsFailing: [
    {
      when: "compactions fail",
      series: { [`prometheus_tsdb_compactions_failed_total{${prometheus}}`]: "0x3 2x900" },
      quiet: ["15m"],
      fires: {
        "18m": [
          {
            labels: { severity: "warning", ...instance, job: "prometheus" },
            summary: "Prometheus cannot compact its data",
            description:
              "2 compactions of localhost:9090 failed in 3 hours. The usual cause is a full volume, with which it soon drops samples.",
          },
        ],
      },
    },
    {
      when: "none failed recently",
      series: { [`prometheus_tsdb_compactions_failed_total{${prometheus}}`]: "2x900" },
      quiet: ["20m", "3h"],
    },
  ],
  PrometheusHistoryShortened: [
    {
      when: "the size was reached before the time",
      series: { [`prometheus_tsdb_size_retentions_total{${prometheus}}`]: "0x3 1x40" },
      quiet: ["30s"],
      fires: {
        "5m": [
          {
            labels: { severity: "info", ...instance, job: "prometheus" },
            summary: "Prometheus keeps less history than configured",
            description:
              "Prometheus at localhost:9090 deleted old data because `retentionSize` was reached before `retention`. Enlarge its volume or shorten `retention`.",
          },
        ],
      },
    },
    {
      when: "it was not reached today",
      series: { [`prometheus_tsdb_size_retentions_total{${prometheus}}`]: "4x240" },
      quiet: ["1m", "1h"],
    },
  ],
};
