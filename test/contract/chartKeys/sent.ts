import type { ComponentResource } from "@pulumi/pulumi";
import { Grafana } from "../../../components/monitoring/grafana.ts";
import { Prometheus } from "../../../components/monitoring/prometheus.ts";
import { valuesOf } from "../../support/charts.ts";
import { imagesOf } from "../../../cli/stackImages.ts";
import { type Json, record } from "../../support/recorder.ts";
import { isObject } from "../../support/wire.ts";

/** Everything that makes a component send a key that it else leaves out. */
const common = {
  namespace: "ml",
  storageClassName: "fast",
  labels: { team: "blue" },
  annotations: { note: "hello" },
  nodeSelector: { pool: "ml" },
  tolerations: [{ key: "dedicated" }],
  imagePullSecrets: ["registry"],
};
const makers: Record<"prometheus" | "grafana", (paused: boolean) => ComponentResource> = {
  prometheus: (paused) => new Prometheus("metrics", { ...common, paused }),
  grafana: (paused) =>
    new Grafana("grafana", {
      ...common,
      paused,
      prometheusUrl: "http://prometheus:9090",
      alertmanagerUrl: "http://alertmanager:9093",
      nodePort: 31343,
    }),
};

/** Maps that a chart hands on as they are: their inner keys are Kubernetes', Prometheus' or Grafana's, or free. */
const handedOn =
  /^(resources|\w*[sS]ecurityContext|(startup|readiness|liveness)Probe|probe|podLabels|podAnnotations|nodeSelector|serviceAnnotations|extraArgs|envValueFrom|datasources|grafana\.ini|global|alerting_rules\.yml|deploymentStrategy)$/;

export const valuesSent = async (chart: keyof typeof makers) =>
  valuesOf((await record(() => makers[chart](false))).resources);

/** Images that the platform sends to a chart, at the registries that they come from. */
export async function imagesSent(chart: keyof typeof makers): Promise<string[]> {
  const { resources } = await record(() => makers[chart](false));
  return imagesOf(resources).map(({ reference }) => reference);
}

/** Path of every key that a component sends with all there is switched on, up to where a map is handed on. */
export async function keysSent(chart: keyof typeof makers): Promise<string[][]> {
  const running = await record(() => makers[chart](false));
  const paused = await record(() => makers[chart](true));
  const confined = await record(
    () => new Prometheus("metrics", { ...common, namespaceOnly: true }),
  );
  const others = chart === "prometheus" ? [paused, confined] : [paused];
  return unique(
    [running, ...others].flatMap(({ resources }) => [...paths(valuesOf(resources), [])]),
  );
}

function* paths(value: Json, path: string[]): Generator<string[]> {
  const name = path.at(-1) ?? "";
  const isJobOfOurs =
    path.at(-2) === "scrapeConfigs" && !(isObject(value) && value["enabled"] === false);
  if (isJobOfOurs) return yield path.slice(0, -1);
  // the chart of kube-state-metrics and that of node-exporter read the keys of their probes one by one
  const readsProbes = /^(kube-state-metrics|prometheus-node-exporter)$/.test(path[0] ?? "");
  const isHandedOn = handedOn.test(name) && !(readsProbes && name.endsWith("Probe"));
  if (!isObject(value) || isHandedOn) return yield path;
  for (const [key, inner] of Object.entries(value)) yield* paths(inner, [...path, key]);
}

const unique = (keys: string[][]) =>
  [...new Set(keys.map((path) => path.join("\n")))].sort().map((path) => path.split("\n"));

const written = (path: readonly string[]) =>
  path.map((key) => (key.includes(".") ? `"${key}"` : key)).join(".");

/** Text of a list: the chart's version and its images, then a key on each line. */
export const listText = (version: string, images: readonly string[], keys: string[][]) =>
  [
    `# version ${version}`,
    ...images.map((image) => `# image ${image}`),
    ...keys.map(written).sort(),
    "",
  ].join("\n");
