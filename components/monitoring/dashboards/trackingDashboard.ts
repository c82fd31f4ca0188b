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
              "Whether MLflow answers. When it is down see the runbook MlflowUnavailable: notebooks cannot log, and no new model version is taken.",
            queries: `max(mlflow_up{${of}})`,
            words: upOrDown,
          }),
          stat({
            title: "Database",
            description:
              "Whether Postgres takes connections. When it is down see the runbook PostgresUnreachable: MLflow answers every request with an error.",
            queries: `max(pg_up{${of}})`,
            words: upOrDown,
          }),
          stat({
            title: "Connections in use",
            description:
              "Share of the connections that Postgres allows. At 100 % MLflow waits and then fails: raise `maxConnections` of the database or lower MLflow's workers.",
            queries: `100 * ${connections} / ${limit}`,
            unit: "percent",
            decimals: 0,
            thresholds: [60, 80],
          }),
          stat({
            title: "Size of the databases",
            description:
              "What runs, models and users take on the disk of Postgres. Compare with the size of its claim on the dashboard Cluster.",
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
              "Requests per second that MLflow answered, by HTTP status. 401 and 403 are people with a wrong password or without the permission, 5xx are MLflow's own failures.",
            queries: { "{{status}}": `sum by (status) (rate(${requests}[${window}]))` },
            unit: "reqps",
            isStacked: true,
          }),
          timeSeries({
            title: "Failed requests",
            description:
              "Share of requests that MLflow failed to answer (5xx) or refused (4xx). With 5xx read the log of the container `mlflow`; most often the database or the artifact store is away.",
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
              "Time to answer, over all routes. Uploads of large artifacts belong to it. When the median grows, look at the connections and at the CPU of the pod; more `workers` help.",
            queries: quantiles(duration, of),
            unit: "s",
          }),
          timeSeries({
            title: "Busiest routes",
            description:
              "Requests per second of the ten busiest routes. It shows which use of MLflow makes the load: `runs/log-batch` is training, `artifacts` is uploads and downloads.",
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
              "Time within which 95 % of the requests of a route were answered, for the ten slowest. A search that is slow needs fewer runs per experiment or a faster database.",
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
              "Open connections of each database, and the most that Postgres allows. When they near the limit see the runbook PostgresConnectionsNearLimit.",
            queries: {
              "{{datname}}": `sum by (datname) (pg_stat_database_numbackends{${of},datname!~"template.*|"})`,
              limit: limit,
            },
            ...wholeNumbers,
          }),
          timeSeries({
            title: "Transactions",
            description:
              "Transactions per second of each database, and those rolled back. Many roll-backs are failed requests of MLflow or broken connections.",
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
              "How long ago the last good backup ended. What was logged since then would be lost with a disk. See the runbook BackupTooOld.",
            queries: `time() - max(mlops_backup_last_success_timestamp_seconds{${of}})`,
            unit: "s",
            decimals: 0,
          }),
          stat({
            title: "Verified",
            description:
              "Whether the last backup that was read back was complete. If not see the runbook BackupVerificationFailed.",
            queries: `min(mlops_backup_verified{${of}})`,
            words: { "0": ["damaged", "red"], "1": ["complete", "green"] },
          }),
          stat({
            title: "Time taken",
            description:
              "How long the last backup took. MLflow works meanwhile; `mlflow gc` and a restore wait.",
            queries: `max(mlops_backup_duration_seconds{${of}})`,
            unit: "s",
            decimals: 0,
          }),
          timeSeries({
            title: "Size of the backups",
            description:
              "Bytes that the last backup holds, and that all of them take where they are kept. Equal files are kept once.",
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
