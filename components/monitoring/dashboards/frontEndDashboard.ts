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
    description: "The prediction page and the people on it.",
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
              "Browser tabs that have the page open. Each takes memory of the pod; with hundreds of them raise its limit or its replicas.",
            queries: `sum(prediction_app_sessions{${of}})`,
            unit: "short",
            decimals: 0,
          }),
          stat({
            title: "Runs",
            description:
              "How often per second the page's script ran. It runs at every click, so this is how busy people are.",
            queries: `sum(rate(${runs}[${window}]))`,
            unit: "ops",
            decimals: 2,
          }),
          stat({
            title: "Run time p95",
            description:
              "Time within which 95 % of the runs ended, requests to the model server included. Above a second people feel it: compare with the latency on the dashboard Models.",
            queries: quantile(duration, of, 0.95),
            unit: "s",
            thresholds: [1, 3],
          }),
          stat({
            title: "Failed runs",
            description:
              "Share of runs that ended with an error of the page itself. See the runbook PredictionAppErrors and the log of the pod.",
            queries: failurePercent(errors, runs),
            unit: "percent",
            decimals: 1,
            thresholds: [1, 5],
          }),
        ],
      },
      {
        title: "People",
        tiles: [
          timeSeries({
            title: "Sessions",
            description:
              "Open browser sessions by pod. With several pods they should be about the same; a session stays on its pod.",
            width: 12,
            queries: { "{{pod}}": `sum by (pod) (prediction_app_sessions{${of}})` },
            ...wholeNumbers,
            isStacked: true,
          }),
          timeSeries({
            title: "Predictions shown",
            description:
              "Predicted rows per second that people got to see, single ones and uploaded files together. None, with sessions open, means that people only look or that requests fail: see below.",
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
              "Runs of the page's script per second, and those that failed. Errors without failing predictions are faults of the page: read the log of the pod.",
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
              "How long a run of the page's script takes. It waits for the model server and for MLflow, so look at their latency first.",
            queries: quantiles(duration, of),
            unit: "s",
          }),
          timeSeries({
            title: "Requests to the model servers",
            description:
              "Requests per second by what came of them: `refused` is input that the model does not take, `no_model` and `unavailable` are failures of the platform.",
            width: 12,
            queries: {
              "{{request}} {{outcome}}": `sum by (request, outcome) (rate(${requests}[${window}]))`,
            },
            unit: "reqps",
          }),
          timeSeries({
            title: "Requests without an answer",
            description:
              "Share of the page's requests that came back without an answer, because no model was served or its server was away. See the runbooks ModelNotServed and ModelServerUnavailable.",
            width: 12,
            queries: { "{{model}}": failurePercent(unanswered, requests, "model") },
            unit: "percent",
            thresholds: [1, 5],
          }),
        ],
      },
    ],
  });
