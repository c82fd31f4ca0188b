import { Grafana, type GrafanaArgs } from "../../../components/index.ts";
import { describeArguments } from "../../support/cases.ts";

const make = (name: string, args: GrafanaArgs) => new Grafana(name, args);
const base: GrafanaArgs = {
  namespace: "ml",
  prometheusUrl: "http://prometheus:9090",
  dashboards: [{ uid: "mlops-home", title: "Home", json: "{}" }],
};

const value = (path: string, from: string, to: string) =>
  `grafana-release values.${path}: ${from} → ${to}`;
const everyObject = (line: string) =>
  ["credentials", "dashboard-mlops-home", "dashboard-reader", "data"].map(
    (object) => `grafana-${object} metadata.${line}`,
  );
const inside = (namespace: string) => `http://grafana.${namespace}.svc.cluster.local:3000`;
const datasource = "datasources.datasources.yaml.datasources";

describeArguments(make, "grafana", base, {
  namespace: {
    value: "team",
    changes: [
      `grafana outputs.externalUrl: ${inside("ml")} → ${inside("team")}`,
      `grafana outputs.internalUrl: ${inside("ml")} → ${inside("team")}`,
      ...everyObject("namespace: ml → team"),
      "grafana-release namespace: ml → team",
      value("grafana.ini.server.root_url", inside("ml"), inside("team")),
    ],
  },
  adminSecretName: {
    value: "mine",
    changes: [
      "- grafana-admin-password",
      "- grafana-credentials",
      "- grafana-secret-key",
      "grafana outputs.adminPassword: secret:MARKER-grafana-admin-password-%@:/?# → ∅",
      "grafana outputs.adminUsername: admin → ∅",
      "grafana-release options.dependsOn: -grafana-credentials",
      value("admin.existingSecret", "grafana-credentials-1a2b3c", "mine"),
      value(
        "envValueFrom.GF_SECURITY_SECRET_KEY.secretKeyRef.name",
        "grafana-credentials-1a2b3c",
        "mine",
      ),
    ],
  },
  chart: {
    value: { repository: "https://charts.example.org", version: "1.2.3" },
    changes: [
      "grafana-release chart: oci://ghcr.io/grafana-community/helm-charts/grafana → grafana",
      "grafana-release repositoryOpts.repo: ∅ → https://charts.example.org",
      "grafana-release version: 12.11.1 → 1.2.3",
      // a chart of another version has its own
      value("image.tag", "13.2.0", "∅"),
      value("sidecar.image.tag", "2.10.1", "∅"),
    ],
  },
  imageMirror: {
    value: "mirror.example.org",
    changes: [
      value("image.registry", "docker.io", "mirror.example.org"),
      value("sidecar.image.registry", "quay.io", "mirror.example.org"),
    ],
  },
  prometheusUrl: {
    value: "http://other:9090",
    changes: [
      value(`${datasource}[Prometheus].url`, "http://prometheus:9090", "http://other:9090"),
    ],
  },
  alertmanagerUrl: {
    value: "http://alertmanager:9093",
    changes: [
      ["name", "Alertmanager"],
      ["uid", "alertmanager"],
      ["type", "alertmanager"],
      ["access", "proxy"],
      ["url", "http://alertmanager:9093"],
      ["editable", "false"],
      ["jsonData.implementation", "prometheus"],
      ["jsonData.handleGrafanaManagedAlerts", "false"],
    ].map(([key, to]) => value(`${datasource}[Alertmanager].${key}`, "∅", to!)),
  },
  dashboards: {
    value: [{ uid: "mine", title: "Mine", json: "{}" }],
    changes: [
      "+ grafana-dashboard-mine",
      "- grafana-dashboard-mlops-home",
      value("grafana.ini.users.home_page", "/d/mlops-home", "∅"),
    ],
  },
  storageSize: {
    value: "5Gi",
    changes: ["grafana-data spec.resources.requests.storage: 1Gi → 5Gi"],
  },
  storageClassName: {
    value: "fast",
    changes: ["grafana-data spec.storageClassName: ∅ → fast"],
  },
  nodePort: {
    value: 31343,
    changes: [
      `grafana outputs.externalUrl: ${inside("ml")} → http://localhost:31343`,
      value("grafana.ini.server.root_url", inside("ml"), "http://localhost:31343"),
      value("service.nodePort", "∅", "31343"),
      value("service.type", "∅", "NodePort"),
    ],
  },
  nodeAddress: {
    value: "192.168.49.2",
    with: { nodePort: 31343 },
    changes: [
      "grafana outputs.externalUrl: http://localhost:31343 → http://192.168.49.2:31343",
      value("grafana.ini.server.root_url", "http://localhost:31343", "http://192.168.49.2:31343"),
    ],
  },
  values: {
    value: { "grafana.ini": { users: { allow_org_create: true } }, initChownData: null },
    changes: [
      value("grafana.ini.users.allow_org_create", "false", "true"),
      value("initChownData.enabled", "false", "∅"),
    ],
  },
  resources: {
    value: { cpuRequest: "1" },
    changes: [value("resources.requests.cpu", "50m", "1")],
  },
  nodeSelector: { value: { pool: "ml" }, changes: [value("nodeSelector.pool", "∅", "ml")] },
  tolerations: {
    value: [{ key: "dedicated" }],
    changes: [value("tolerations[0].key", "∅", "dedicated")],
  },
  imagePullSecrets: {
    value: ["registry"],
    changes: [value("image.pullSecrets[registry].name", "∅", "registry")],
  },
  publicUrl: {
    value: "https://grafana.example.com",
    changes: [
      `grafana outputs.externalUrl: ${inside("ml")} → https://grafana.example.com`,
      value("grafana.ini.server.root_url", inside("ml"), "https://grafana.example.com"),
      value("grafana.ini.security.cookie_secure", "∅", "true"),
    ],
  },
  paused: { value: true, changes: ["grafana-release values.replicas: ∅ → 0"] },
  labels: {
    value: { team: "blue" },
    changes: [...everyObject("labels.team: ∅ → blue"), value("podLabels.team", "∅", "blue")],
  },
  annotations: {
    value: { note: "hello" },
    changes: [
      ...everyObject("annotations.note: ∅ → hello"),
      value("podAnnotations.note", "∅", "hello"),
    ],
  },
});
