import { dashboard, labelVariable } from "./layout.ts";
import { stat, timeSeries, upOrDown, wholeNumbers } from "./panels.ts";
import { failurePercent, quantiles, window } from "./promql.ts";
import type { Dashboard } from "./shapes.ts";

const of = 'namespace=~"$namespace"';
const requests = `mlflow_http_request_total{${of}}`;
const failures = `mlflow_http_request_total{${of},status=~"5.."}`;
const refusals = `mlflow_http_request_total{${of},status=~"4.."}`;
const duration = "mlflow_http_request_duration_seconds";
const connections = `sum(pg_stat_database_numbackends{${of}})`;
const limit = `max(pg_settings_max_connections{${of}})`;

export const tracking = (): Dashboard =>
  dashboard("tracking", {
    description: "MLflow's requests, and the database behind it.",
    variables: [labelVariable("namespace", "Namespace", "mlflow_up")],
    rows: [
      {
        tiles: [
          stat({
            title: "Tracking server",
            description:
              "Whether MLflow responds. If it is down, see the runbook MlflowUnavailable: notebooks cannot log, and no new model version is served.",
            queries: `max(mlflow_up{${of}})`,
            words: upOrDown,
          }),
          stat({
            title: "Database",
            description:
              "Whether Postgres accepts connections. If it is down, see the runbook PostgresUnreachable: every request to MLflow fails.",
            queries: `max(pg_up{${of}})`,
            words: upOrDown,
          }),
          stat({
            title: "Connections in use",
            description:
              "Share of the allowed Postgres connections in use. At 100 % MLflow waits and then fails: raise `maxConnections` of the database or lower MLflow's workers.",
            queries: `100 * ${connections} / ${limit}`,
            unit: "percent",
            decimals: 0,
            thresholds: [60, 80],
          }),
          stat({
            title: "Size of the databases",
            description:
              "Disk space of runs, models and users in Postgres. Compare it with the size of its claim on the dashboard Cluster.",
            queries: `sum(pg_database_size_bytes{${of}})`,
            unit: "bytes",
          }),
        ],
      },
      {
        title: "MLflow",
        tiles: [
          timeSeries({
            title: "Requests by status",
            description:
              "Requests per second to MLflow, by HTTP status. 401 and 403 are a wrong password or a missing permission, 5xx are failures of MLflow.",
            queries: { "{{status}}": `sum by (status) (rate(${requests}[${window}]))` },
            unit: "reqps",
            isStacked: true,
          }),
          timeSeries({
            title: "Failed requests",
            description:
              "Share of requests that failed (5xx) or were rejected (4xx). For 5xx, read the log of the container `mlflow`; usually the database or the artifact store is unavailable.",
            queries: {
              failed: failurePercent(failures, requests),
              refused: failurePercent(refusals, requests),
            },
            unit: "percent",
            thresholds: [1, 5],
          }),
          timeSeries({
            title: "Latency",
            description:
              "Latency over all routes, including uploads of large artifacts. If the median grows, check the connections and the pod's CPU; more `workers` help.",
            queries: quantiles(duration, of),
            unit: "s",
          }),
          timeSeries({
            title: "Busiest routes",
            description:
              "Requests per second of the ten busiest routes. It shows what causes the load: `runs/log-batch` is training, `artifacts` is uploads and downloads.",
            width: 12,
            height: 9,
            queries: {
              "{{method}} {{route}}": `topk(10, sum by (method, route) (rate(${requests}[${window}])))`,
            },
            unit: "reqps",
            decimals: 2,
            legend: "table",
          }),
          timeSeries({
            title: "Slowest routes",
            description:
              "The 95th percentile of the latency of the ten slowest routes. A slow search needs fewer runs per experiment or a faster database.",
            width: 12,
            height: 9,
            queries: {
              "{{method}} {{route}}": `topk(10, histogram_quantile(0.95, sum by (method, route, le) (rate(${duration}_bucket{${of}}[${window}]))))`,
            },
            unit: "s",
            legend: "table",
          }),
        ],
      },
      {
        title: "Postgres",
        tiles: [
          timeSeries({
            title: "Connections",
            description:
              "Open connections of each database, and the maximum that Postgres allows. Near the limit, see the runbook PostgresConnectionsNearLimit.",
            queries: {
              "{{datname}}": `sum by (datname) (pg_stat_database_numbackends{${of},datname!~"template.*|"})`,
              limit: limit,
            },
            ...wholeNumbers,
          }),
          timeSeries({
            title: "Transactions",
            description:
              "Transactions per second of each database, and those rolled back. Many rollbacks are failed MLflow requests or broken connections.",
            queries: {
              "{{datname}} committed": `sum by (datname) (rate(pg_stat_database_xact_commit{${of},datname=~"mlflow.*"}[${window}]))`,
              "{{datname}} rolled back": `sum by (datname) (rate(pg_stat_database_xact_rollback{${of},datname=~"mlflow.*"}[${window}]))`,
            },
            unit: "ops",
          }),
          timeSeries({
            title: "Size",
            description:
              "Bytes on disk of each database. Deleted runs free space only after `mlflow gc` and a vacuum.",
            queries: {
              "{{datname}}": `max by (datname) (pg_database_size_bytes{${of},datname!~"template.*"})`,
            },
            unit: "bytes",
          }),
        ],
      },
      {
        title: "Backups",
        tiles: [
          stat({
            title: "Last backup",
            description:
              "Time since the last successful backup. Losing a disk would lose everything logged since then. See the runbook BackupTooOld.",
            queries: `time() - max(mlops_backup_last_success_timestamp_seconds{${of}})`,
            unit: "s",
            decimals: 0,
          }),
          stat({
            title: "Last verification",
            description:
              "Whether the last verified backup was complete. If not, see the runbook BackupVerificationFailed.",
            queries: `min(mlops_backup_verified{${of}})`,
            words: { "0": ["damaged", "red"], "1": ["complete", "green"] },
          }),
          stat({
            title: "Backup duration",
            description:
              "Duration of the last backup. MLflow stays available meanwhile; `mlflow gc` and a restore wait.",
            queries: `max(mlops_backup_duration_seconds{${of}})`,
            unit: "s",
            decimals: 0,
          }),
          timeSeries({
            title: "Size of the backups",
            description:
              "Size of the last backup, and of all backups at their destination. Identical files are stored once.",
            width: 6,
            height: 4,
            queries: {
              "last backup": `max(mlops_backup_size_bytes{${of}})`,
              "all, stored": `max(mlops_backup_stored_bytes{${of}})`,
            },
            unit: "bytes",
          }),
        ],
      },
    ],
  });
