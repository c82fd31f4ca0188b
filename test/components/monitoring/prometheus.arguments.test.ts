import { Prometheus, type PrometheusArgs } from "../../../components/index.ts";
import { describeArguments } from "../../support/cases.ts";
import { valuesOf } from "../../support/charts.ts";
import { type Json, type Recorded } from "../../support/recorder.ts";
import { leaves } from "../../support/wire.ts";

const make = (name: string, args: PrometheusArgs) => new Prometheus(name, args);
const base: PrometheusArgs = { namespace: "ml" };

const value = (path: string, from: string, to: string) =>
  `metrics-release values.${path}: ${from} → ${to}`;
const text = (json: Json) => (typeof json === "string" ? json : JSON.stringify(json));

/** A part of the chart that is switched off: nothing of it is sent any more. */
const off = (part: string) => (resources: readonly Recorded[]) =>
  [...leaves(valuesOf(resources)[part]!)].map(([path, was]) =>
    path === "enabled"
      ? value(`${part}.enabled`, "true", "false")
      : value(`${part}.${path}`, text(was), "∅"),
  );

const inEveryPod = (kind: "podLabels" | "podAnnotations", key: string, to: string) =>
  [
    ...["server", "alertmanager", "kube-state-metrics"],
    ...["prometheus-node-exporter", "prometheus-pushgateway"],
  ].map((part) => value(`${part}.${kind}.${key}`, "∅", to));

/** The parts that run anywhere: node-exporter runs on every node. */
const placed = ["server", "alertmanager", "kube-state-metrics", "prometheus-pushgateway"];

const rule = {
  alert: "Mine",
  expr: "up == 0",
  labels: { severity: "info" as const },
  annotations: { summary: "a", description: "b", runbook_url: "https://example.org" },
};

/** A map among the values that is no longer sent. */
const gone = (part: string, key: string) => (resources: readonly Recorded[]) =>
  [...leaves((valuesOf(resources)[part] as { [key: string]: Json })[key]!)].map(([path, was]) =>
    value(`${part}.${key}.${path}`, text(was), "∅"),
  );

describeArguments(make, "metrics", base, {
  namespace: {
    value: "team",
    changes: [
      "metrics outputs.alertmanagerUrl: http://alertmanager.ml.svc.cluster.local:9093 → http://alertmanager.team.svc.cluster.local:9093",
      "metrics outputs.url: http://prometheus.ml.svc.cluster.local:9090 → http://prometheus.team.svc.cluster.local:9090",
      "metrics-alertmanager-config metadata.namespace: ml → team",
      "metrics-data metadata.namespace: ml → team",
      "metrics-node-exporter-namespace metadata.name: ml-node-exporter → team-node-exporter",
      "metrics-release namespace: ml → team",
      value(
        "alertmanager.baseURL",
        "http://alertmanager.ml.svc.cluster.local:9093",
        "http://alertmanager.team.svc.cluster.local:9093",
      ),
      value(
        "kube-state-metrics.fullnameOverride",
        "ml-kube-state-metrics",
        "team-kube-state-metrics",
      ),
      value("prometheus-node-exporter.namespaceOverride", "ml-node-exporter", "team-node-exporter"),
      value(
        "scrapeConfigs.alertmanager.static_configs[0].targets[0]",
        "alertmanager.ml.svc.cluster.local:9093",
        "alertmanager.team.svc.cluster.local:9093",
      ),
      value(
        "scrapeConfigs.annotated-services.kubernetes_sd_configs[0].namespaces.names[0]",
        "ml",
        "team",
      ),
      value(
        "scrapeConfigs.annotated-services.kubernetes_sd_configs[0].namespaces.names[1]",
        "ml-node-exporter",
        "team-node-exporter",
      ),
      value("scrapeConfigs.mlops-pods.kubernetes_sd_configs[0].namespaces.names[0]", "ml", "team"),
      value(
        "server.alertmanagers[0].static_configs[0].targets[0]",
        "alertmanager.ml.svc.cluster.local:9093",
        "alertmanager.team.svc.cluster.local:9093",
      ),
      value(
        "server.baseURL",
        "http://prometheus.ml.svc.cluster.local:9090",
        "http://prometheus.team.svc.cluster.local:9090",
      ),
      value("server.clusterRoleNameOverride", "ml-prometheus", "team-prometheus"),
    ],
  },
  namespaceOnly: {
    value: true,
    with: { nodeExporter: false, kubeStateMetrics: false },
    changes: (resources) => [
      "+ metrics-discovery-role",
      "+ metrics-discovery-role-binding",
      value("rbac.create", "∅", "false"),
      ...["kubernetes-nodes", "kubernetes-cadvisor"].flatMap((job) =>
        gone("scrapeConfigs", job)(resources),
      ),
      value("scrapeConfigs.kubernetes-nodes.enabled", "∅", "false"),
    ],
  },
  chart: {
    value: { chart: "./charts/prometheus" },
    changes: [
      "metrics-release chart: oci://ghcr.io/prometheus-community/charts/prometheus → ./charts/prometheus",
      "metrics-release version: 29.27.0 → ∅",
      // a chart of another version has its own
      value("alertmanager.image.tag", "v0.34.0", "∅"),
      value("kube-state-metrics.image.tag", "v2.20.0", "∅"),
      value("prometheus-node-exporter.image.tag", "v1.12.1", "∅"),
      value("prometheus-pushgateway.image.tag", "v1.11.3", "∅"),
      value("server.image.tag", "v3.14.0", "∅"),
    ],
  },
  imageMirror: {
    value: "mirror.example.org:5000",
    changes: [
      ...["alertmanager", "prometheus-pushgateway", "server"].map((part) => {
        const name = `prometheus/${part.replace("prometheus-", "").replace("server", "prometheus")}`;
        return value(
          `${part}.image.repository`,
          `quay.io/${name}`,
          `mirror.example.org:5000/${name}`,
        );
      }),
      value("kube-state-metrics.image.registry", "registry.k8s.io", "mirror.example.org:5000"),
      value("prometheus-node-exporter.image.registry", "quay.io", "mirror.example.org:5000"),
    ],
  },
  nodeExporterPort: {
    value: 9101,
    changes: [
      value("prometheus-node-exporter.service.port", "9100", "9101"),
      value("prometheus-node-exporter.service.targetPort", "9100", "9101"),
    ],
  },
  retention: { value: "30d", changes: [value("server.retention", "15d", "30d")] },
  retentionSize: { value: "6GB", changes: [value("server.retentionSize", "6553MB", "6GB")] },
  storageSize: {
    value: "1Ti",
    changes: [
      "metrics-data spec.resources.requests.storage: 8Gi → 1Ti",
      value("server.retentionSize", "6553MB", "838860MB"),
    ],
  },
  storageClassName: {
    value: "fast",
    changes: [
      value("alertmanager.persistence.storageClass", "∅", "fast"),
      "metrics-data spec.storageClassName: ∅ → fast",
    ],
  },
  alertmanager: {
    value: false,
    // the rules about Alertmanager go too, which are others' business
    with: { alertRules: [] },
    changes: (resources) => [
      ...off("alertmanager")(resources),
      "- metrics-alertmanager-config",
      "metrics outputs.alertmanagerUrl: http://alertmanager.ml.svc.cluster.local:9093 → ∅",
      "metrics-release options.dependsOn: -metrics-alertmanager-config",
      value(
        "scrapeConfigs.alertmanager.static_configs[0].targets[0]",
        "alertmanager.ml.svc.cluster.local:9093",
        "∅",
      ),
      value(
        "server.alertmanagers[0].static_configs[0].targets[0]",
        "alertmanager.ml.svc.cluster.local:9093",
        "∅",
      ),
    ],
  },
  kubeStateMetrics: { value: false, changes: off("kube-state-metrics") },
  nodeExporter: {
    value: false,
    changes: (resources) => [
      ...off("prometheus-node-exporter")(resources),
      "- metrics-node-exporter-namespace",
      "- metrics-node-exporter-namespace-owner",
      "metrics-release options.dependsOn: -metrics-node-exporter-namespace",
      value(
        "scrapeConfigs.annotated-services.kubernetes_sd_configs[0].namespaces.names[1]",
        "ml-node-exporter",
        "∅",
      ),
    ],
  },
  pushgateway: { value: false, changes: off("prometheus-pushgateway") },
  nodeExporterNamespace: {
    value: "host-access",
    changes: [
      "metrics-node-exporter-namespace metadata.name: ml-node-exporter → host-access",
      value("prometheus-node-exporter.namespaceOverride", "ml-node-exporter", "host-access"),
      value(
        "scrapeConfigs.annotated-services.kubernetes_sd_configs[0].namespaces.names[1]",
        "ml-node-exporter",
        "host-access",
      ),
    ],
  },
  scrapeNamespaces: {
    value: ["ml", "team"],
    changes: [
      value("scrapeConfigs.mlops-pods.kubernetes_sd_configs[0].namespaces.names[1]", "∅", "team"),
    ],
  },
  alertRules: {
    value: [{ name: "mine", rules: [rule] }],
    with: { alertRules: [] },
    changes: [
      value("serverFiles.alerting_rules.yml.groups", "[]", "∅"),
      value("serverFiles.alerting_rules.yml.groups[mine].name", "∅", "mine"),
      ...[...leaves(rule)].map(([path, is]) =>
        value(`serverFiles.alerting_rules.yml.groups[mine].rules[0].${path}`, "∅", text(is)),
      ),
    ],
  },
  receivers: {
    value: { webhook: { url: "https://pager.example.org" } },
    changes: [
      "metrics-alertmanager-config stringData.secret.alertmanager.yml: " +
        '+      "webhook_configs": [ +        { +          "url": "https://pager.example.org" +          "send_resolved": true +        }',
    ],
  },
  values: {
    value: { server: { retention: "1d", extraFlags: ["mine"], replicaCount: 2 } },
    changes: [
      value("server.retention", "15d", "1d"),
      value("server.extraFlags[0]", "enable-feature=auto-reload-config", "mine"),
      value("server.replicaCount", "∅", "2"),
    ],
  },
  resources: {
    value: { memoryLimit: "4Gi" },
    changes: [value("server.resources.limits.memory", "1Gi", "4Gi")],
  },
  nodeSelector: {
    value: { pool: "ml" },
    changes: placed.map((part) => value(`${part}.nodeSelector.pool`, "∅", "ml")),
  },
  tolerations: {
    value: [{ key: "dedicated", effect: "NoExecute" }],
    changes: [
      ...placed.flatMap((part) => [
        value(`${part}.tolerations[0].key`, "∅", "dedicated"),
        value(`${part}.tolerations[0].effect`, "∅", "NoExecute"),
      ]),
      value("prometheus-node-exporter.tolerations[0].effect", "∅", "NoSchedule"),
      value("prometheus-node-exporter.tolerations[0].operator", "∅", "Exists"),
      value("prometheus-node-exporter.tolerations[1].key", "∅", "dedicated"),
      value("prometheus-node-exporter.tolerations[1].effect", "∅", "NoExecute"),
    ],
  },
  imagePullSecrets: {
    value: ["registry"],
    changes: [
      "",
      ...["alertmanager.", "kube-state-metrics."],
      ...["prometheus-node-exporter.", "prometheus-pushgateway."],
    ].map((part) => value(`${part}imagePullSecrets[registry].name`, "∅", "registry")),
  },
  paused: {
    value: true,
    changes: (resources) => [
      ...off("prometheus-node-exporter")(resources),
      ...["server", "alertmanager", "prometheus-pushgateway"].map((part) =>
        value(`${part}.replicaCount`, "∅", "0"),
      ),
      value("kube-state-metrics.replicas", "∅", "0"),
    ],
  },
  labels: {
    value: { team: "blue" },
    changes: [
      "metrics-alertmanager-config metadata.labels.team: ∅ → blue",
      "metrics-data metadata.labels.team: ∅ → blue",
      "metrics-node-exporter-namespace metadata.labels.team: ∅ → blue",
      ...inEveryPod("podLabels", "team", "blue"),
    ],
  },
  annotations: {
    value: { note: "hello" },
    changes: [
      "metrics-alertmanager-config metadata.annotations.note: ∅ → hello",
      "metrics-data metadata.annotations.note: ∅ → hello",
      "metrics-node-exporter-namespace metadata.annotations.note: ∅ → hello",
      ...inEveryPod("podAnnotations", "note", "hello"),
    ],
  },
});
