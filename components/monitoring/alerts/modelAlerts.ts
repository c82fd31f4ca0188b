import type { Alert } from "./alertRule.ts";

const requests = "model_requests_total";
const failures = "model_load_failures_total";
const crashes = "model_load_crashes_total";

export const models: Alert[] = [
  {
    name: "ModelNotServed",
    severity: "warning",
    for: "10m",
    expr: 'up{application="model-server"} == 1 unless on (namespace, pod) model_info',
    summary: "The model server {{ $labels.pod }} serves no model",
    description:
      "The server in {{ $labels.namespace }} has run for 10 minutes without a model and answers every prediction with 503: no version carries the alias, or none could be loaded.",
  },
  {
    name: "ModelErrorRateHigh",
    severity: "critical",
    for: "5m",
    expr: `sum by (namespace, model_version) (rate(${requests}{status=~"5.."}[5m])) / sum by (namespace, model_version) (rate(${requests}[5m])) > 0.05`,
    summary: "Version {{ $labels.model_version }} of the model fails to predict",
    description:
      "{{ $value | humanizePercentage }} of the prediction requests to version {{ $labels.model_version }} in {{ $labels.namespace }} failed in the last 5 minutes. Moving the alias back to the version before ends it at once.",
  },
  {
    name: "ModelLatencyHigh",
    severity: "warning",
    for: "5m",
    expr: "histogram_quantile(0.95, sum by (namespace, model_version, le) (rate(model_request_duration_seconds_bucket[5m]))) > 0.5",
    summary: "Version {{ $labels.model_version }} of the model answers slowly",
    description:
      "One in twenty predictions by version {{ $labels.model_version }} in {{ $labels.namespace }} takes longer than {{ $value | humanizeDuration }}; half a second is the limit.",
  },
  {
    name: "ModelLoadFailed",
    severity: "warning",
    // A counter that is born at 1 has no increase. Attempts are at most 5 minutes apart.
    expr: `sum by (namespace, model_version) (increase(${failures}[15m]) > 0 or ${failures} unless ${failures} offset 15m) > 0`,
    summary: "Version {{ $labels.model_version }} of the model cannot be loaded",
    description:
      "The model server in {{ $labels.namespace }} tried to take version {{ $labels.model_version }} in the last 15 minutes and failed. It goes on with the version before; `GET /model` says why.",
  },
  {
    name: "ModelLoadCrashed",
    severity: "warning",
    expr: `sum by (namespace, model_version, cause) (increase(${crashes}[1h]) > 0 or ${crashes} unless ${crashes} offset 1h) > 0`,
    summary: "Version {{ $labels.model_version }} of the model would take the model server down",
    description:
      "Trying out version {{ $labels.model_version }} in {{ $labels.namespace }} ended in a {{ $labels.cause }} within the last hour. That happened in a child process, so the version before keeps answering; `GET /model` says more.",
  },
  {
    name: "ModelInputDrift",
    severity: "warning",
    for: "10m",
    expr: "max by (namespace, model_version, feature) (model_input_drift_psi) > 0.25",
    summary: "The input {{ $labels.feature }} is not what the model was trained on",
    description:
      'The population stability index of {{ $labels.feature }} for version {{ $labels.model_version }} in {{ $labels.namespace }} is {{ $value | printf "%.2f" }}; above 0.25 the distribution is another one and predictions cannot be trusted.',
  },
];
