import {
  around,
  between,
  constant,
  growing,
  histogram,
  type Labels,
  made,
  type Made,
  pod,
  seconds,
  steps,
  stopped,
} from "./series.ts";

const serverOf = (model: string) => ({
  ...pod("model-server", "model-server", `model-server-${model}-7d9c5`),
  model,
});

/** What every server exports, with a version or without. */
const always = (server: Labels): Made[] => [
  made("up", { ...server, model: "" }, constant(1)),
  made("model_server_up", server, constant(1)),
  made("model_registry_errors_total", server, constant(2)),
  made("model_requests_in_flight", server, (at) => Math.max(0, Math.round(around(2, 2)(at)!))),
];

/** A model with one version, and what Home shows of it. */
function another(model: string, seed: number): Made[] {
  const of = { ...serverOf(model), model_version: String(seed + 1) };
  const perSecond = 1 + (seed % 7) / 3;
  return [
    ...always(serverOf(model)),
    made("model_info", { ...of, alias: "champion", run_id: `r${seed}` }, constant(1)),
    made("model_requests_total", { ...of, status: "200" }, growing(perSecond, seed)),
    made("model_requests_total", { ...of, status: "503" }, growing(perSecond / 50, seed)),
    made("model_request_errors_total", { ...of, status: "503" }, growing(perSecond / 50, seed)),
    ...histogram("model_request_duration_seconds", of, perSecond, seconds),
    made("model_input_drift_psi", { ...of, feature: "age" }, around(0.05 + (seed % 5) / 10, 0.02)),
  ];
}

/** A model whose server went away a while ago: with the model itself, or with an alert that says so. */
function gone(model: string, isRemoved: boolean): Made[] {
  const alert = { alertname: "ModelServerUnavailable", alertstate: "firing", severity: "critical" };
  return [
    made("model_server_up", serverOf(model), between(0, steps - 60, constant(1))),
    ...(isRemoved
      ? []
      : [made("ALERTS", { ...alert, model }, between(steps - 60, steps, constant(1)))]),
  ];
}

/** The first model has seen two versions, the last of several has none, and those between are alike. */
export function serving([first, ...others]: readonly string[]): Made[] {
  const last = others.pop();
  return [
    ...withVersions(first!),
    ...others.flatMap((model, index) => another(model, index)),
    ...(last === undefined ? [] : [...always(serverOf(last)), ...gone("down", false)]),
    ...gone("removed", true),
  ];
}

function withVersions(model: string): Made[] {
  const server = serverOf(model);
  const info = { ...server, alias: "champion" };
  const version = (model_version: string, from: number, to: number, perSecond: number): Made[] => {
    const of = { ...server, model_version };
    const during = ({ shape, ...rest }: Made) => ({ ...rest, shape: between(from, steps, shape) });
    return [
      made(
        "model_info",
        { ...info, model_version, run_id: `r${model_version}` },
        between(from, to, constant(1)),
      ),
      ...[
        made("model_requests_total", { ...of, status: "200" }, growing(perSecond)),
        made("model_requests_total", { ...of, status: "400" }, growing(perSecond / 60)),
        made("model_request_errors_total", { ...of, status: "400" }, growing(perSecond / 60)),
        made("model_predicted_rows_total", of, growing(perSecond * 4)),
        made("model_loads_total", of, constant(1)),
        ...histogram("model_request_duration_seconds", of, perSecond, seconds),
        ...histogram("model_prediction_value", of, perSecond, {
          "50.0": 0.05,
          "100.0": 0.2,
          "150.0": 0.4,
          "200.0": 0.2,
          "250.0": 0.1,
          "300.0": 0.05,
          "+Inf": 0,
        }),
        made("model_prediction_value_sum", of, growing(perSecond * 140)),
        made("model_prediction_value_count", of, growing(perSecond)),
      ].map((one) => (to < steps ? { ...one, shape: stopped(one.shape, from, to) } : during(one))),
    ];
  };
  const drift = ["age", "bmi", "bp", "s1"].map((feature, index) =>
    made(
      "model_input_drift_psi",
      { ...server, model_version: "2", feature },
      between(150, steps, (at) => 0.03 + index * 0.02 + (index === 1 ? (at - 150) * 0.0028 : 0)),
    ),
  );
  return [
    ...always(server),
    ...version("1", 20, 130, 1.4),
    ...version("2", 130, steps, 2.2),
    made(
      "model_load_failures_total",
      { ...server, model_version: "3" },
      between(170, steps, (at) => 1 + Math.floor((at - 170) / 20)),
    ),
    ...drift,
    made(
      "model_input_drift_rows",
      { ...server, model_version: "2" },
      between(130, steps, (at) => Math.min(3600, (at - 130) * 40)),
    ),
  ];
}
