import type { Alert } from "./alertRule.ts";
import { monitored } from "./monitored.ts";

/*
 * Whether the parts of the platform answer. `absent(… == 1)` holds when no series reports it as up: it reports
 * itself as down, cannot be scraped, or no longer exists.
 */

/** The page has an overview of all models, too. */
const ofModel = 'of {{ or $labels.model "all models" }}';
const mlflowRequests = "mlflow_http_request_total";

export const availability: Alert[] = [
  {
    name: "TargetDown",
    severity: "warning",
    for: "5m",
    expr: `up{${monitored}} == 0`,
    summary: "Prometheus cannot read {{ $labels.instance }}",
    description:
      "{{ if $labels.pod }}The pod {{ $labels.pod }} in {{ $labels.namespace }}{{ else }}The target {{ $labels.instance }} of the job {{ $labels.job }}{{ end }} has not answered scrapes for 5 minutes. Its panels are empty and its alerts cannot fire.",
  },
  {
    name: "MlflowUnavailable",
    severity: "critical",
    for: "1m",
    labels: { application: "mlflow" },
    expr: "absent(mlflow_up == 1)",
    summary: "The tracking server does not answer",
    description:
      "No pod of MLflow has answered for a minute. Notebooks and training cannot log, and model servers keep serving their current versions.",
  },
  {
    name: "MlflowErrorRateHigh",
    severity: "warning",
    for: "5m",
    labels: { application: "mlflow" },
    expr: `sum by (namespace) (rate(${mlflowRequests}{status=~"5.."}[5m])) / sum by (namespace) (rate(${mlflowRequests}[5m])) > 0.05`,
    summary: "The tracking server in {{ $labels.namespace }} fails to answer requests",
    description:
      "{{ $value | humanizePercentage }} of the requests to MLflow in the last 5 minutes ended with a status of 500 or above. The usual cause is an unavailable database or artifact store.",
  },
  {
    name: "PostgresUnreachable",
    severity: "critical",
    for: "30s",
    labels: { application: "postgres" },
    // A pod that was replaced while Prometheus restarted would count as connected for 5 minutes more.
    // A database that hangs lets the scrape run out of time, and then there is no pg_up at all.
    expr: 'sum by (namespace) (last_over_time(pg_up[30s])) == 0 or sum by (namespace) (up{application="mlflow",container="database-metrics"}) == 0',
    summary: "The database of MLflow in {{ $labels.namespace }} cannot be reached",
    description:
      "Postgres refuses connections or does not answer. Every request to MLflow fails until it is back; model servers keep serving their current versions.",
  },
  {
    name: "PostgresConnectionsNearLimit",
    severity: "warning",
    for: "5m",
    labels: { application: "postgres" },
    expr: "sum by (namespace) (pg_stat_database_numbackends) / max by (namespace) (pg_settings_max_connections) > 0.8",
    summary: "The database in {{ $labels.namespace }} is running out of connections",
    description:
      "{{ $value | humanizePercentage }} of the connections that Postgres allows are in use. At 100% MLflow's requests wait and then fail.",
  },
  {
    name: "PredictionAppUnavailable",
    severity: "critical",
    for: "1m",
    labels: { application: "prediction-app" },
    expr: 'absent(up{application="prediction-app"} == 1)',
    summary: "The prediction page does not answer",
    description:
      "No pod of the prediction page has answered for a minute. People cannot open it; programs that call the model servers directly are not affected.",
  },
  {
    name: "PredictionAppErrors",
    severity: "warning",
    for: "5m",
    labels: { application: "prediction-app" },
    expr: 'sum by (namespace, model) (rate(prediction_app_run_errors_total[5m])) / sum by (namespace, model) (rate(prediction_app_runs_total[5m])) > 0.05 unless on (namespace, model) model_server_up{monitor="false"}',
    summary: `The prediction page ${ofModel} shows errors`,
    description: `{{ $value | humanizePercentage }} of the page's runs ${ofModel} in {{ $labels.namespace }} in the last 5 minutes raised an error in the page itself.`,
  },
];
