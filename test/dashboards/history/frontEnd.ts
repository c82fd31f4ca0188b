import { around, constant, growing, histogram, made, type Made, pod, seconds } from "./series.ts";

export function frontEnd(): Made[] {
  const page = pod("prediction-app", "streamlit");
  return [
    made("up", page, constant(1)),
    made("prediction_app_sessions", page, (at) => Math.max(0, Math.round(around(5, 4)(at)!))),
    made("prediction_app_runs_total", page, growing(1.1)),
    made("prediction_app_run_errors_total", page, growing(0.004)),
    ...histogram("prediction_app_run_duration_seconds", page, 1.1, seconds),
    made(
      "prediction_app_predictions_total",
      { ...page, kind: "single", outcome: "ok" },
      growing(0.7),
    ),
    made(
      "prediction_app_predictions_total",
      { ...page, kind: "batch", outcome: "ok" },
      growing(0.1, 2),
    ),
    made(
      "prediction_app_predictions_total",
      { ...page, kind: "single", outcome: "refused" },
      growing(0.03),
    ),
  ];
}
