import type { Alert } from "./alertRule.ts";
import { monitored } from "./monitored.ts";

const series = (metric: string, ...matchers: string[]) =>
  `${metric}{${[monitored, ...matchers].join(",")}}`;

const up = series("model_server_up");
const requests = series("model_requests_total");
const failed = series("model_requests_total", 'status=~"5.."');
const failures = series("model_load_failures_total");
const crashes = series("model_load_crashes_total");
const ofVersion = "by (namespace, model, model_version)";

const driftLimit = 0.25;
// a template may run further queries: there is one alert per model, and it names the features
const drifted = `max by (feature) (model_input_drift_psi{namespace=%q,model=%q,model_version=%q}) > ${driftLimit}`;
const named = 5;

/** One alert for the server of each model: a missing server has no series that would name it. */
export const modelServers = (models: readonly string[]): Alert => ({
  name: "ModelServerUnavailable",
  severity: "critical",
  for: "1m",
  labels: { application: "model-server" },
  expr: models.map((name) => `absent(model_server_up{model=${JSON.stringify(name)}})`).join(" or "),
  summary: "The model server of {{ $labels.model }} does not answer",
  description:
    "No pod of the model server of {{ $labels.model }} has answered for a minute. It gives no predictions: the page and every other client see errors.",
});

export const models: Alert[] = [
  {
    name: "ModelNotServed",
    severity: "warning",
    for: "10m",
    expr: `count by (namespace, model) (${up} unless on (namespace, pod) model_info)`,
    summary: "The model server of {{ $labels.model }} has no version to serve",
    description:
      "{{ $value }} of its pods in {{ $labels.namespace }} have run for 10 minutes without a version of {{ $labels.model }} and answer every prediction with 503: no version has the alias, or none could be loaded.",
  },
  {
    name: "ModelErrorRateHigh",
    severity: "critical",
    for: "5m",
    expr: `sum ${ofVersion} (rate(${failed}[5m])) / sum ${ofVersion} (rate(${requests}[5m])) > 0.05`,
    summary: "Version {{ $labels.model_version }} of {{ $labels.model }} fails to predict",
    description:
      "{{ $value | humanizePercentage }} of the prediction requests to version {{ $labels.model_version }} of {{ $labels.model }} in {{ $labels.namespace }} failed in the last 5 minutes. To recover at once, move the alias back to the previous version.",
  },
  {
    name: "ModelLatencyHigh",
    severity: "warning",
    for: "5m",
    expr: `histogram_quantile(0.95, sum by (namespace, model, model_version, le) (rate(${series("model_request_duration_seconds_bucket")}[5m]))) > 0.5`,
    summary: "Version {{ $labels.model_version }} of {{ $labels.model }} answers slowly",
    description:
      "One in twenty predictions by version {{ $labels.model_version }} of {{ $labels.model }} in {{ $labels.namespace }} takes longer than {{ $value | humanizeDuration }}; half a second is the limit.",
  },
  {
    name: "ModelLoadFailed",
    severity: "warning",
    // A counter that starts at 1 has no increase. Attempts are at most 5 minutes apart.
    expr: `sum ${ofVersion} (increase(${failures}[15m]) > 0 or ${failures} unless ${failures} offset 15m) > 0`,
    summary: "Version {{ $labels.model_version }} of {{ $labels.model }} cannot be loaded",
    description:
      "The model server of {{ $labels.model }} in {{ $labels.namespace }} failed to load version {{ $labels.model_version }} in the last 15 minutes. It keeps serving the previous version; `GET /model` has the reason.",
  },
  {
    name: "ModelLoadCrashed",
    severity: "warning",
    expr: `sum by (namespace, model, model_version, cause) (increase(${crashes}[1h]) > 0 or ${crashes} unless ${crashes} offset 1h) > 0`,
    summary:
      "Version {{ $labels.model_version }} of {{ $labels.model }} would take its server down",
    description:
      "Trying out version {{ $labels.model_version }} of {{ $labels.model }} in {{ $labels.namespace }} ended in a {{ $labels.cause }} within the last hour. That happened in a child process, so the previous version keeps answering; `GET /model` has the details.",
  },
  {
    name: "ModelInputDrift",
    severity: "warning",
    for: "10m",
    expr: `max ${ofVersion} (${series("model_input_drift_psi")}) > ${driftLimit}`,
    summary: "The inputs of {{ $labels.model }} differ from its training data",
    description: `{{ $drifted := printf "${drifted}" $labels.namespace $labels.model $labels.model_version }}{{ printf "count(%s)" $drifted | query | first | value }} of the inputs of version {{ $labels.model_version }} of {{ $labels.model }} in {{ $labels.namespace }} have a population stability index above ${driftLimit}, most of all {{ range $at, $feature := printf "sort_desc(topk(${named}, %s))" $drifted | query }}{{ if $at }}, {{ end }}{{ $feature.Labels.feature }} ({{ $feature.Value | printf "%.2f" }}){{ end }}. Their distribution differs from that of the training data, and predictions may be wrong.`,
  },
];
