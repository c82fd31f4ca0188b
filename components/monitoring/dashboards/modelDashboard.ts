import { dashboard, labelVariable, oneOf } from "./layout.ts";
import { heatmap, stat, stateTimeline, timeSeries, wholeNumbers } from "./panels.ts";
import { failurePercent, quantile, quantiles, window } from "./promql.ts";
import type { Dashboard } from "./shapes.ts";

// of one model at a time: versions, predicted values and features of several have nothing in common
const ofModel = 'namespace=~"$namespace",model="$model"';
const of = `${ofModel},model_version=~"$model_version"`;
const requests = `model_requests_total{${of}}`;
const errors = `model_request_errors_total{${of}}`;
const duration = "model_request_duration_seconds";
const version = "version {{model_version}}";
const drift = `max by (model_version, feature) (model_input_drift_psi{${of}})`;

/** Loads are rare, so they are counted and not made a rate: a counter that is born at 1 would show none. */
const count = (counter: string) =>
  `sum by (model_version) (${counter}{${of}}) or 0 * sum by (model_version) (model_loads_total{${of}})`;

export const models = (): Dashboard =>
  dashboard("models", {
    description:
      "What is served of one model, how it answers, and whether its inputs still look like those it was trained on.",
    variables: [
      oneOf("model", "Model", "model_server_up"),
      labelVariable("namespace", "Namespace", 'model_server_up{model="$model"}'),
      labelVariable("model_version", "Version", 'model_requests_total{model="$model"}'),
    ],
    rows: [
      {
        tiles: [
          stat({
            title: "Served now",
            description:
              "Version that answers now. Without data no version carries the alias or none could be loaded: see the runbook ModelNotServed.",
            queries: { [version]: `max by (model_version) (model_info{${of}})` },
            showsName: true,
          }),
          stat({
            title: "Predictions",
            description:
              "Prediction requests per second. None at all, with people on the page, means that the page does not reach the model server.",
            queries: `sum(rate(${requests}[${window}]))`,
            unit: "reqps",
            decimals: 2,
          }),
          stat({
            title: "Latency p95",
            description:
              "Time within which 95 % of the predictions were answered. See the runbook ModelLatencyHigh when it is red.",
            queries: quantile(duration, of, 0.95),
            unit: "s",
            thresholds: [0.25, 0.5],
          }),
          stat({
            title: "Highest drift",
            description:
              "Population stability index of the feature that moved most from the training data. Above 0.25 the model predicts for people it was not trained on: see the runbook ModelInputDrift. No data until 200 rows came within the hour.",
            queries: `max(${drift})`,
            unit: "short",
            decimals: 2,
            thresholds: [0.1, 0.25],
          }),
        ],
      },
      {
        title: "Requests",
        tiles: [
          timeSeries({
            title: "Requests by version",
            description:
              "Prediction requests per second of each version; `none` are requests that came while no version was served. After a promotion one line replaces the other without a gap.",
            queries: { [version]: `sum by (model_version) (rate(${requests}[${window}]))` },
            unit: "reqps",
            isStacked: true,
          }),
          timeSeries({
            title: "Latency",
            description:
              "Time to answer a prediction. When all three grow the pod is short of CPU: raise its limit or the number of pods; when only p99 grows, look for large requests.",
            queries: quantiles(duration, of),
            unit: "s",
          }),
          timeSeries({
            title: "Failed requests by version",
            description:
              "Share of requests answered with 400 or above. 4xx are requests that the model's signature refuses, 503 means no model or too many requests. If a new version fails more than the one before, move the alias back.",
            queries: { [version]: failurePercent(errors, requests, "model_version") },
            unit: "percent",
            thresholds: [1, 5],
          }),
          timeSeries({
            title: "Errors by status",
            description:
              "Refused and failed requests per second by HTTP status: 400 bad input, 413 too large, 415 wrong type, 503 no model or overloaded, 500 a fault of the model.",
            queries: {
              // without a fault there is no series of one, and yet there is something to show
              "{{status}}": `sum by (status) (rate(${errors}[${window}])) or label_replace(0 * sum(rate(${requests}[${window}])), "status", "none", "", "")`,
            },
            unit: "reqps",
          }),
          timeSeries({
            title: "Predicted rows",
            description:
              "Rows per second; far above the requests when people upload files. Large batches make everybody else wait.",
            queries: {
              [version]: `sum by (model_version) (rate(model_predicted_rows_total{${of}}[${window}]))`,
            },
            unit: "ops",
          }),
          timeSeries({
            title: "Requests in flight",
            description:
              "Requests being answered, by pod. When it stays high the pod is overloaded and soon answers 503: add pods.",
            queries: { "{{pod}}": `sum by (pod) (model_requests_in_flight{${ofModel}})` },
            ...wholeNumbers,
          }),
        ],
      },
      {
        title: "Versions",
        tiles: [
          stateTimeline({
            title: "Version timeline",
            description:
              "Which version was served when. A gap is time without any model; two bars at once are a rollout over several pods.",
            width: 24,
            height: 5,
            queries: {
              "{{alias}}: version {{model_version}}": `max by (alias, model_version) (model_info{${of}})`,
            },
            words: { "1": ["served", "blue"] },
          }),
          timeSeries({
            title: "Versions loaded",
            description:
              "How often each version was loaded and taken, summed over the pods. A step belongs to each promotion and to each new pod.",
            queries: { [version]: count("model_loads_total") },
            ...wholeNumbers,
          }),
          timeSeries({
            title: "Failed loads",
            description:
              "Attempts to load a version that failed; the version before keeps answering. The reason is at `GET /model` of the server, and the runbook is ModelLoadFailed.",
            queries: { [version]: count("model_load_failures_total") },
            ...wholeNumbers,
          }),
          timeSeries({
            title: "Failed registry checks",
            description:
              "How often the tracking server did not answer which version carries the alias. While it grows promotions are not noticed; see the dashboard Tracking.",
            queries: { "{{pod}}": `sum by (pod) (model_registry_errors_total{${ofModel}})` },
            ...wholeNumbers,
          }),
        ],
      },
      {
        title: "Data",
        tiles: [
          heatmap({
            title: "Distribution of predictions",
            description:
              "How many predictions fell into each range. A band that moves or narrows means other inputs or another model: compare with the version timeline.",
            width: 12,
            height: 9,
            queries: `sum by (le) (increase(model_prediction_value_bucket{${of}}[${window}]))`,
          }),
          timeSeries({
            title: "Input drift by feature",
            description:
              "Population stability index of each feature over the last hour, against the training data. Below 0.1 nothing changed, above 0.25 the distribution is another one: check the source of the feature, then train again. No data until 200 rows came within the hour.",
            width: 12,
            height: 9,
            queries: { "{{feature}}": drift },
            unit: "short",
            decimals: 2,
            thresholds: [0.1, 0.25],
            legend: "table",
          }),
          timeSeries({
            title: "Mean prediction",
            description:
              "Mean of the predicted values of each version. A jump at a promotion is a model that sees the world otherwise; a slow move is drift.",
            width: 12,
            queries: {
              [version]: `sum by (model_version) (rate(model_prediction_value_sum{${of}}[${window}])) / sum by (model_version) (rate(model_prediction_value_count{${of}}[${window}]))`,
            },
            mayBeNegative: true,
            unit: "short",
          }),
          timeSeries({
            title: "Rows used for drift",
            description:
              "Rows of the last hour that drift is computed from, by version. Below 200 there is no index, because chance alone would move it.",
            width: 12,
            queries: { [version]: `max by (model_version) (model_input_drift_rows{${of}})` },
            ...wholeNumbers,
          }),
        ],
      },
    ],
  });
