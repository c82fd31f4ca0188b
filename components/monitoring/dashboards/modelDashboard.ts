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

/** Loads are rare, so they are counted, not shown as a rate: a counter that starts at 1 would have none. */
const count = (counter: string) =>
  `sum by (model_version) (${counter}{${of}}) or 0 * sum by (model_version) (model_loads_total{${of}})`;

export const models = (): Dashboard =>
  dashboard("models", {
    description:
      "The served version of one model, its performance, and whether its inputs still resemble the training data.",
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
              "The served version. No data means that no version has the alias or none could be loaded: see the runbook ModelNotServed.",
            queries: { [version]: `max by (model_version) (model_info{${of}})` },
            showsName: true,
          }),
          stat({
            title: "Predictions",
            description:
              "Prediction requests per second. None while users are on the page means that the page cannot reach the model server.",
            queries: `sum(rate(${requests}[${window}]))`,
            unit: "reqps",
            decimals: 2,
          }),
          stat({
            title: "Latency p95",
            description:
              "The 95th percentile of the prediction latency. If it is red, see the runbook ModelLatencyHigh.",
            queries: quantile(duration, of, 0.95),
            unit: "s",
            thresholds: [0.25, 0.5],
          }),
          stat({
            title: "Highest drift",
            description:
              "Population stability index of the feature that differs most from the training data. Above 0.25 the model predicts on data that it was not trained on: see the runbook ModelInputDrift. No data until 200 rows have arrived within the hour.",
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
              "Prediction requests per second of each version; `none` are requests that arrived while no version was served. After a promotion one line replaces the other without a gap.",
            queries: { [version]: `sum by (model_version) (rate(${requests}[${window}]))` },
            unit: "reqps",
            isStacked: true,
          }),
          timeSeries({
            title: "Latency",
            description:
              "Prediction latency. If all three grow, the pod is short of CPU: raise its limit or the number of pods; if only p99 grows, look for large requests.",
            queries: quantiles(duration, of),
            unit: "s",
          }),
          timeSeries({
            title: "Failed requests by version",
            description:
              "Share of responses with status 400 or above. 4xx are requests that do not match the model's signature, 503 means no model or too many requests. If a new version fails more often than the previous one, move the alias back.",
            queries: { [version]: failurePercent(errors, requests, "model_version") },
            unit: "percent",
            thresholds: [1, 5],
          }),
          timeSeries({
            title: "Errors by status",
            description:
              "Refused and failed requests per second by HTTP status: 400 bad input, 413 too large, 415 wrong type, 503 no model or overloaded, 500 an error in the model.",
            queries: {
              // without a failure there is no series for it, but 0 must be shown
              "{{status}}": `sum by (status) (rate(${errors}[${window}])) or label_replace(0 * sum(rate(${requests}[${window}])), "status", "none", "", "")`,
            },
            unit: "reqps",
          }),
          timeSeries({
            title: "Predicted rows",
            description:
              "Predicted rows per second; far more than requests when users upload files. Large batches delay other requests.",
            queries: {
              [version]: `sum by (model_version) (rate(model_predicted_rows_total{${of}}[${window}]))`,
            },
            unit: "ops",
          }),
          timeSeries({
            title: "Requests in flight",
            description:
              "Requests in progress, by pod. If it stays high, the pod is overloaded and soon returns 503: add pods.",
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
              "Which version was served when. A gap is time without a model; two bars at once are a rollout over several pods.",
            width: 24,
            height: 5,
            queries: {
              "{{alias}}: version {{model_version}}": `max by (alias, model_version) (model_info{${of}})`,
            },
            words: { "1": ["served", "blue"] },
          }),
          timeSeries({
            title: "Loaded versions",
            description:
              "Successful loads of each version, summed over the pods. Each promotion and each new pod adds a step.",
            queries: { [version]: count("model_loads_total") },
            ...wholeNumbers,
          }),
          timeSeries({
            title: "Failed loads",
            description:
              "Failed attempts to load a version; the previous version stays in service. The reason is at `GET /model` of the server; see the runbook ModelLoadFailed.",
            queries: { [version]: count("model_load_failures_total") },
            ...wholeNumbers,
          }),
          timeSeries({
            title: "Failed registry checks",
            description:
              "Failed queries to the tracking server for the version with the alias. While it grows, promotions are not noticed: see the dashboard Tracking.",
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
              "Number of predictions in each range. A band that moves or narrows means different inputs or a different model: compare with the version timeline.",
            width: 12,
            height: 9,
            queries: `sum by (le) (increase(model_prediction_value_bucket{${of}}[${window}]))`,
          }),
          timeSeries({
            title: "Input drift by feature",
            description:
              "Population stability index of each feature over the last hour, against the training data. Below 0.1 the distribution is unchanged, above 0.25 it is different: check the source of the feature, then retrain. No data until 200 rows have arrived within the hour.",
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
              "Mean of the predicted values of each version. A jump at a promotion means that the new model predicts differently; a slow change is drift.",
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
              "Rows of the last hour that drift is computed from, by version. Below 200 there is no index, because it would be mostly noise.",
            width: 12,
            queries: { [version]: `max by (model_version) (model_input_drift_rows{${of}})` },
            ...wholeNumbers,
          }),
        ],
      },
    ],
  });
