import { dashboard, labelVariable } from "./layout.ts";
import { stat, timeSeries, wholeNumbers } from "./panels.ts";
import { failurePercent, quantile, quantiles, window } from "./promql.ts";
import type { Dashboard } from "./shapes.ts";

const of = 'namespace=~"$namespace",model=~"$model"';
const runs = `prediction_app_runs_total{${of}}`;
const errors = `prediction_app_run_errors_total{${of}}`;
const requests = `prediction_app_model_server_requests_total{${of}}`;
const unanswered = `prediction_app_model_server_requests_total{${of},outcome=~"no_model|unavailable"}`;
const duration = "prediction_app_run_duration_seconds";

export const frontEnd = (): Dashboard =>
  dashboard("frontEnd", {
    description: "The prediction page and its users.",
    variables: [
      labelVariable("namespace", "Namespace", "prediction_app_sessions"),
      // the overview belongs to no model
      { ...labelVariable("model", "Model", "prediction_app_sessions"), allValue: ".*" },
    ],
    rows: [
      {
        tiles: [
          stat({
            title: "Sessions now",
            description:
              "Browser tabs with the page open. Each uses memory in the pod: with hundreds of them, raise its limit or its replicas.",
            queries: `sum(prediction_app_sessions{${of}})`,
            unit: "short",
            decimals: 0,
          }),
          stat({
            title: "Runs",
            description:
              "Runs of the page's script per second. It runs at every click, so this shows how active users are.",
            queries: `sum(rate(${runs}[${window}]))`,
            unit: "ops",
            decimals: 2,
          }),
          stat({
            title: "Run time p95",
            description:
              "The 95th percentile of the run time, including requests to the model server. Users notice more than a second: compare it with the latency on the dashboard Models.",
            queries: quantile(duration, of, 0.95),
            unit: "s",
            thresholds: [1, 3],
          }),
          stat({
            title: "Failed runs",
            description:
              "Share of runs that failed with an error in the page itself. See the runbook PredictionAppErrors and the pod's log.",
            queries: failurePercent(errors, runs),
            unit: "percent",
            decimals: 1,
            thresholds: [1, 5],
          }),
        ],
      },
      {
        title: "Users",
        tiles: [
          timeSeries({
            title: "Sessions",
            description:
              "Open browser sessions by pod. They should be spread evenly; a session stays on its pod.",
            width: 12,
            queries: { "{{pod}}": `sum by (pod) (prediction_app_sessions{${of}})` },
            ...wholeNumbers,
            isStacked: true,
          }),
          timeSeries({
            title: "Predictions shown",
            description:
              "Predicted rows per second that were shown to users, from the form and from uploaded files. None with open sessions means that users predict nothing or that requests fail: see below.",
            width: 12,
            queries: {
              "{{model}}": `sum by (model) (rate(prediction_app_predictions_total{${of}}[${window}]))`,
            },
            unit: "ops",
            isStacked: true,
          }),
        ],
      },
      {
        title: "Page",
        tiles: [
          timeSeries({
            title: "Runs and errors",
            width: 12,
            description:
              "Runs of the page's script per second, and those that failed. Errors without failing predictions are bugs in the page: read the pod's log.",
            queries: {
              runs: `sum(rate(${runs}[${window}]))`,
              errors: `sum(rate(${errors}[${window}]))`,
            },
            unit: "ops",
          }),
          timeSeries({
            title: "Run time",
            width: 12,
            description:
              "Duration of a run of the page's script. It waits for the model server and for MLflow, so check their latency first.",
            queries: quantiles(duration, of),
            unit: "s",
          }),
          timeSeries({
            title: "Requests to the model servers",
            description:
              "Requests per second by outcome: `refused` is input that the model does not accept, `no_model` and `unavailable` are failures of the platform.",
            width: 12,
            queries: {
              "{{request}} {{outcome}}": `sum by (request, outcome) (rate(${requests}[${window}]))`,
            },
            unit: "reqps",
          }),
          timeSeries({
            title: "Requests without a response",
            description:
              "Share of the page's requests without a response, because no model was served or its server was unavailable. See the runbooks ModelNotServed and ModelServerUnavailable.",
            width: 12,
            queries: { "{{model}}": failurePercent(unanswered, requests, "model") },
            unit: "percent",
            thresholds: [1, 5],
          }),
        ],
      },
    ],
  });
