import { boards, dashboard, linkTo } from "./layout.ts";
import { stat, table, text, timeSeries, upOrDown, wholeNumbers } from "./panels.ts";
import { failurePercent, window } from "./promql.ts";
import type { Dashboard } from "./shapes.ts";

/** Alerts that mean something is wrong: the dead man's switch always fires. */
const firing = 'ALERTS{alertstate="firing",alertname!="Watchdog"}';

const group = (series: string) => `group by (model) (${series})`;
/** Models of the stack without a server. The alert fires at once, and ends with a model that is removed. */
const withoutServer = 'ALERTS{alertname="ModelServerUnavailable"}';
const errors = "model_request_errors_total";
const requests = "model_requests_total";

const modelsTable = table({
  title: "Models",
  description:
    "A row for each model: the served version, the number of running servers, and recent requests. A name links to the model's dashboard. Without a version, see the runbook ModelNotServed; with 0 servers, ModelServerUnavailable; with drift above 0.25, ModelInputDrift.",
  width: 24,
  height: 9,
  queries: [
    `sum by (model) (model_server_up) or 0 * ${group(withoutServer)}`,
    "max by (model, model_version) (model_info)",
    `sum by (model) (rate(${requests}[${window}]))`,
    failurePercent(errors, requests, "model"),
    `histogram_quantile(0.95, sum by (model, le) (rate(model_request_duration_seconds_bucket[${window}])))`,
    "max by (model) (model_input_drift_psi)",
  ],
  sortBy: "Model",
  columns: [
    {
      field: "model",
      heading: "Model",
      link: `/d/${boards.models.uid}?var-model=\${__value.raw:percentencode}`,
    },
    { field: "model_version", heading: "Version served" },
    { field: "Value #A", heading: "Servers", decimals: 0, lowest: 1 },
    { field: "Value #C", heading: "Requests", unit: "reqps", decimals: 2 },
    { field: "Value #D", heading: "Errors", unit: "percent", decimals: 1, thresholds: [1, 5] },
    { field: "Value #E", heading: "Latency p95", unit: "s", thresholds: [0.25, 0.5] },
    { field: "Value #F", heading: "Drift", decimals: 2, thresholds: [0.1, 0.25] },
  ],
});

const directory = `
- **[Models](/d/${boards.models.uid})**: what is served of a model, how it answers, whether its inputs drift
- **[Tracking](/d/${boards.tracking.uid})**: MLflow's requests and its database
- **[Front end](/d/${boards.frontEnd.uid})**: the prediction page and the people on it
- **[Cluster](/d/${boards.cluster.uid})**: nodes, namespaces, pods and volumes
- **[Runbooks](/d/${boards.runbooks.uid})**: what to do about each alert
`.trim();

/** The way to everything else: whether each part is healthy, and a row for each model. */
export const home = (): Dashboard =>
  dashboard("home", {
    description: "Health of each part of the platform, with links to its dashboard.",
    rows: [
      {
        tiles: [
          stat({
            title: "Tracking server",
            description:
              "Whether MLflow responds. If it is down, see the runbook MlflowUnavailable.",
            width: 4,
            queries: "max(mlflow_up) or vector(0)",
            words: upOrDown,
            links: [linkTo("tracking")],
          }),
          stat({
            title: "Database",
            description:
              "Whether Postgres accepts connections. If it is down, see the runbook PostgresUnreachable.",
            width: 4,
            queries: "max(pg_up) or vector(0)",
            words: upOrDown,
            links: [linkTo("tracking")],
          }),
          stat({
            title: "Models not served",
            description:
              "Models without a server or without a loaded version; also 1 if there are no models at all. See the runbooks ModelNotServed and ModelServerUnavailable.",
            width: 4,
            queries: `count(${group(`model_server_up or ${withoutServer}`)} unless ${group("model_info")}) or absent(model_info) or vector(0)`,
            decimals: 0,
            thresholds: [1, 1],
            links: [linkTo("models")],
          }),
          stat({
            title: "Prediction page",
            description:
              "Whether the page is running. If it is down, see the runbook PredictionAppUnavailable.",
            width: 4,
            queries: 'max(up{application="prediction-app"}) or vector(0)',
            words: upOrDown,
            links: [linkTo("frontEnd")],
          }),
          stat({
            title: "Targets down",
            description:
              "Targets that Prometheus cannot scrape. See the runbook TargetDown to find out which.",
            width: 4,
            queries: "count(up == 0) or vector(0)",
            decimals: 0,
            thresholds: [1, 3],
            links: [linkTo("cluster")],
          }),
          stat({
            title: "Firing alerts",
            description: "Firing alerts; they are listed below, and each has a runbook.",
            width: 4,
            queries: `count(${firing}) or vector(0)`,
            decimals: 0,
            thresholds: [1, 3],
          }),
        ],
      },
      { tiles: [modelsTable] },
      {
        tiles: [
          timeSeries({
            title: "Busiest models",
            description:
              "Prediction requests per second of the ten busiest models. None means that no client calls them, or that the page cannot reach the model servers.",
            queries: {
              // those of the last hour before the end, so that lines do not appear and disappear
              "{{model}}": `sum by (model) (rate(${requests}[${window}])) and on (model) topk(10, sum by (model) (rate(${requests}[1h] @ end())))`,
            },
            unit: "reqps",
            isStacked: true,
            links: [linkTo("models")],
          }),
          timeSeries({
            title: "MLflow requests",
            description:
              "Requests per second to MLflow, and those that failed. For failures, see the runbook MlflowErrorRateHigh.",
            queries: {
              answered: `sum(rate(mlflow_http_request_total[${window}]))`,
              failed: `sum(rate(mlflow_http_request_total{status=~"5.."}[${window}])) or 0 * sum(rate(mlflow_http_request_total[${window}]))`,
            },
            unit: "reqps",
            links: [linkTo("tracking")],
          }),
          timeSeries({
            title: "Sessions on the page",
            description:
              "Browser tabs with the prediction page open. A sudden drop is a restart of the page: users must reload it.",
            queries: { sessions: "sum(prediction_app_sessions)" },
            ...wholeNumbers,
            legend: "none",
            links: [linkTo("frontEnd")],
          }),
        ],
      },
      {
        tiles: [
          table({
            title: "Alerts",
            description:
              "Firing alerts. `Watchdog` always fires: it shows that rules are evaluated. The dashboard Runbooks has a page for each.",
            width: 16,
            height: 6,
            queries:
              'count by (alertname, model, severity, namespace) (ALERTS{alertstate="firing"})',
            columns: [
              { field: "alertname", heading: "Alert" },
              { field: "model", heading: "Model" },
              { field: "severity", heading: "Severity" },
              { field: "namespace", heading: "Namespace" },
              { field: "Value", heading: "Number" },
            ],
          }),
          text({
            title: "Dashboards",
            description:
              "The other dashboards, which are also linked at the top of each dashboard.",
            height: 6,
            markdown: directory,
          }),
        ],
      },
    ],
  });
