import {
  around,
  constant,
  growing,
  histogram,
  type Labels,
  made,
  type Made,
  pod,
  seconds,
} from "./series.ts";

export function frontEnd(models: readonly string[]): Made[] {
  const page = pod("prediction-app", "streamlit");
  return [made("up", page, constant(1)), ...models.flatMap((model) => ofModel({ ...page, model }))];
}

function ofModel(page: Labels): Made[] {
  return [
    made("prediction_app_sessions", page, (at) => Math.max(0, Math.round(around(5, 4)(at)!))),
    made("prediction_app_runs_total", page, growing(1.1)),
    made("prediction_app_run_errors_total", page, growing(0.004)),
    ...histogram("prediction_app_run_duration_seconds", page, 1.1, seconds),
    made("prediction_app_predictions_total", page, growing(0.9)),
    ...["ok", "refused", "no_model", "unavailable"].flatMap((outcome, index) =>
      ["describe", "predict"].map((request, second) =>
        made(
          "prediction_app_model_server_requests_total",
          { ...page, request, outcome },
          growing([0.8, 0.03, 0, 0][index]! / (second + 1), index + second),
        ),
      ),
    ),
  ];
}
