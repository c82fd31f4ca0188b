import { frontEnd } from "./frontEnd.ts";
import { type Exporters, nodes } from "./nodes.ts";
import { between, constant, end, made, type Made, step, steps } from "./series.ts";
import { serving } from "./serving.ts";
import { tracking } from "./tracking.ts";
import { training } from "./training.ts";

export { end, steps } from "./series.ts";
export type { Exporters } from "./nodes.ts";

/*
 * An hour on a small platform, as series that Prometheus could have read: what is not exported without node-exporter or
 * without kube-state-metrics is left out on request.
 */

const alerts = (): Made[] => [
  made("up", { instance: "localhost:9090", job: "prometheus" }, constant(1)),
  made("ALERTS", { alertname: "Watchdog", alertstate: "firing", severity: "info" }, constant(1)),
  made(
    "ALERTS",
    {
      alertname: "ModelLoadFailed",
      alertstate: "firing",
      severity: "warning",
      namespace: "mlops",
      model: "diabetes-progression",
      model_version: "3",
    },
    between(172, steps, constant(1)),
  ),
];

/** Everything as text that `promtool tsdb create-blocks-from openmetrics` reads. */
export function history(exporters: Exporters, models: readonly string[]): string {
  const all = [
    ...tracking(),
    ...training(),
    ...serving(models),
    ...frontEnd(models),
    ...nodes(exporters),
    ...alerts(),
  ];
  const sorted = all.sort((one, other) =>
    one.name < other.name ? -1 : one.name > other.name ? 1 : 0,
  );
  const lines = sorted.flatMap(({ name, labels, shape }) => {
    const text = Object.entries(labels)
      .filter(([, value]) => value !== "")
      .map(([label, value]) => `${label}="${value}"`)
      .join(",");
    return [...Array(steps).keys()].flatMap((at) => {
      const value = shape(at);
      return value === undefined
        ? []
        : [`${name}{${text}} ${value} ${end - (steps - 1 - at) * step}`];
    });
  });
  return `${lines.join("\n")}\n# EOF\n`;
}
