import { boards } from "./layout.ts";
import { dashboard, linkTo } from "./layout.ts";
import { stat, table, text, timeSeries, wholeNumbers } from "./panels.ts";
import { window } from "./promql.ts";
import type { Dashboard } from "./shapes.ts";

const upOrDown: Record<string, [string, string]> = { "0": ["down", "red"], "1": ["up", "green"] };

/** Alerts that mean something is wrong: the dead man's switch always fires. */
const firing = 'ALERTS{alertstate="firing",alertname!="Watchdog"}';

const directory = `
- **[Models](/d/${boards.models.uid})**: what is served, how it answers, whether its inputs drift
- **[Tracking](/d/${boards.tracking.uid})**: MLflow's requests and its database
- **[Front end](/d/${boards.frontEnd.uid})**: the prediction page and the people on it
- **[Cluster](/d/${boards.cluster.uid})**: nodes, namespaces, pods and volumes
`.trim();

/** The way to everything else, and one row that says whether each part is healthy. */
export const home = (): Dashboard =>
  dashboard("home", {
    description: "Whether each part of the platform is healthy, and the way to its dashboard.",
    rows: [
      {
        tiles: [
          stat({
            title: "Tracking server",
            description:
              "Whether MLflow answers. When it is down see the runbook MlflowUnavailable.",
            width: 4,
            queries: [{ expr: "max(mlflow_up) or vector(0)" }],
            words: upOrDown,
            links: [linkTo("tracking")],
          }),
          stat({
            title: "Database",
            description:
              "Whether Postgres takes connections. When it is down see the runbook PostgresUnreachable.",
            width: 4,
            queries: [{ expr: "max(pg_up) or vector(0)" }],
            words: upOrDown,
            links: [linkTo("tracking")],
          }),
          stat({
            title: "Model server",
            description:
              "Whether a model is served. When it is not see the runbooks ModelNotServed and ModelServerUnavailable.",
            width: 4,
            queries: [{ expr: "max(model_info) or vector(0)" }],
            words: { "0": ["no model", "red"], "1": ["serving", "green"] },
            links: [linkTo("models")],
          }),
          stat({
            title: "Prediction page",
            description:
              "Whether the page runs. When it is down see the runbook PredictionAppUnavailable.",
            width: 4,
            queries: [{ expr: 'max(up{application="prediction-app"}) or vector(0)' }],
            words: upOrDown,
            links: [linkTo("frontEnd")],
          }),
          stat({
            title: "Targets down",
            description:
              "What Prometheus should read but cannot. See the runbook TargetDown for which it is.",
            width: 4,
            queries: [{ expr: "count(up == 0) or vector(0)" }],
            decimals: 0,
            thresholds: [1, 3],
            links: [linkTo("cluster")],
          }),
          stat({
            title: "Firing alerts",
            description: "Alerts that fire now; the list is below, and each has a runbook.",
            width: 4,
            queries: [{ expr: `count(${firing}) or vector(0)` }],
            decimals: 0,
            thresholds: [1, 3],
          }),
        ],
      },
      {
        tiles: [
          timeSeries({
            title: "Predictions by version",
            description:
              "Prediction requests per second of each model version. None means that nobody asks, or that the page does not reach the model server.",
            queries: [
              {
                expr: `sum by (model_version) (rate(model_requests_total[${window}]))`,
                legend: "version {{model_version}}",
              },
            ],
            unit: "reqps",
            min: 0,
            style: "stacked",
            links: [linkTo("models")],
          }),
          timeSeries({
            title: "MLflow requests",
            description:
              "Requests per second that MLflow answered, and those it failed to. Failures belong to the runbook MlflowErrorRateHigh.",
            queries: [
              {
                expr: `sum(rate(mlflow_http_request_total[${window}]))`,
                legend: "answered",
              },
              {
                expr: `sum(rate(mlflow_http_request_total{status=~"5.."}[${window}])) or 0 * sum(rate(mlflow_http_request_total[${window}]))`,
                legend: "failed",
              },
            ],
            unit: "reqps",
            min: 0,
            links: [linkTo("tracking")],
          }),
          timeSeries({
            title: "Sessions on the page",
            description:
              "Browser tabs that have the prediction page open. A sudden end is a restart of the page: people have to reload it.",
            queries: [{ expr: "sum(prediction_app_sessions)", legend: "sessions" }],
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
              "What fires now. `Watchdog` always does: it shows that rules are evaluated. Each alert has a page of its name among the runbooks.",
            width: 16,
            height: 6,
            queries: [
              {
                expr: 'count by (alertname, severity, namespace) (ALERTS{alertstate="firing"})',
              },
            ],
            columns: [
              { field: "alertname", heading: "Alert" },
              { field: "severity", heading: "Severity" },
              { field: "namespace", heading: "Namespace" },
              { field: "Value", heading: "Number" },
            ],
          }),
          text({
            title: "Dashboards",
            description:
              "The way to the other dashboards; their links are at the top of each, too.",
            height: 6,
            markdown: directory,
          }),
        ],
      },
    ],
  });
