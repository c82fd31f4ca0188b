import { existsSync } from "node:fs";
import type { Deployment } from "../../cli/deployment.ts";
import type { Settings } from "../../cli/stackSettings.ts";
import { chooseCharts, settingsFor } from "../../cli/standInCharts.ts";
import { configOf } from "../support/config.ts";
import { project } from "../support/program.ts";

function settings(overrides: Record<string, string> = {}): Settings {
  const config = configOf(overrides);
  return { stack: "dev", project, overrides, config };
}
const deployed = (charts: Deployment["charts"]): Deployment => ({
  target: { kind: "minikube" },
  engine: "pulumi",
  namespace: "mlops",
  charts,
});
const reachable = () => Promise.resolve(true);
const unreachable = () => Promise.resolve(false);
const never = () => Promise.reject(new Error("unexpected call"));

test("the official charts where their registry answers, else the stand-in", async () => {
  const asked: string[] = [];
  const answers = (origin: string) => {
    asked.push(origin);
    return Promise.resolve(true);
  };
  expect(await chooseCharts(settings(), undefined, answers)).toBe("official");
  expect(asked).toEqual(["https://ghcr.io"]);
  expect(await chooseCharts(settings(), undefined, unreachable)).toBe("stand-in");
});

test("a network that is down for a moment does not replace the official charts", async () => {
  expect(await chooseCharts(settings(), deployed("official"), never)).toBe("official");
});

test("the stand-in is replaced once the official charts are available", async () => {
  expect(await chooseCharts(settings(), deployed("stand-in"), reachable)).toBe("official");
  expect(await chooseCharts(settings(), deployed("stand-in"), unreachable)).toBe("stand-in");
});

test("the user's own chart, or none, is not replaced", async () => {
  const own = settings({ prometheusChart: "oci://example.org/prometheus" });
  expect(await chooseCharts(own, undefined, never)).toBe("official");
  expect(await chooseCharts(settings({ monitoring: "false" }), undefined, never)).toBe("official");
});

test("with the official charts no setting changes", () => {
  const given = settings({ namespace: "team" });
  expect(settingsFor("official", given)).toBe(given);
});

test("the stand-in chart runs from our image, without what has no image, under the user's values", () => {
  const given = settings({
    namespace: "team",
    imageRegistry: "example.org:5000/ml",
    prometheusValues: '{"server":{"retention":"1d"},"alertmanager":{"image":{"tag":"mine"}}}',
  });
  const { overrides, config } = settingsFor("stand-in", given);
  const { prometheusChart, prometheusValues, ...others } = overrides;
  expect(others).toEqual({
    namespace: "team",
    imageRegistry: "example.org:5000/ml",
    grafana: "false",
    kubeStateMetrics: "false",
  });
  expect(existsSync(`${prometheusChart}/Chart.yaml`)).toBe(true);
  const tag: unknown = expect.stringMatching(/^[0-9a-f]{12}-\d{8}$/);
  const image = { repository: "example.org:5000/ml/monitoring", tag };
  const values: unknown = JSON.parse(prometheusValues!);
  expect(values).toEqual({
    server: { image, retention: "1d" },
    alertmanager: { image: { ...image, tag: "mine" } },
    "prometheus-node-exporter": { image: { ...image, registry: "" } },
    "prometheus-pushgateway": { image },
  });
  // what the commands decide by is what the program will read
  expect(configOf(overrides)).toEqual(config);
});
