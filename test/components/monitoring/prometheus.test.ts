import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Prometheus, type PrometheusArgs } from "../../../components/index.ts";
import { describePreview, tree } from "../../support/cases.ts";
import { releaseOf, valuesOf } from "../../support/charts.ts";
import { at } from "../../support/podSecurity.ts";
import { promtool } from "../../support/promtool.ts";
import { record, stateId } from "../../support/recorder.ts";

const make = (name: string, args: PrometheusArgs) => new Prometheus(name, args);
const base: PrometheusArgs = { namespace: "ml" };
const values = async (args: Partial<PrometheusArgs> = {}): Promise<any> =>
  valuesOf((await record(() => make("metrics", { ...base, ...args }))).resources);

test("makes a Release, the configuration of Alertmanager and a namespace for node-exporter", async () => {
  const { resources, find } = await record(() => make("metrics", base));
  expect(tree(resources)).toEqual([
    "kubernetes:core/v1:Namespace metrics-node-exporter-namespace < metrics",
    "kubernetes:core/v1:PersistentVolumeClaim metrics-data < metrics",
    "kubernetes:core/v1:Secret metrics-alertmanager-config < metrics",
    "kubernetes:helm.sh/v3:Release metrics-release < metrics",
    "mlops:index:Prometheus metrics",
    "random:index/randomUuid:RandomUuid metrics-node-exporter-namespace-owner < metrics",
  ]);
  // the provider itself adds `compat`
  const { values: _, compat: __, ...release } = releaseOf(resources).inputs;
  expect(release).toEqual({
    name: "prometheus",
    namespace: "ml",
    chart: "oci://ghcr.io/prometheus-community/charts/prometheus",
    version: "29.27.0",
    timeout: 300,
    maxHistory: 3,
  });
  // else Kubernetes would refuse the pods of node-exporter, or Alertmanager would wait for its configuration
  expect(releaseOf(resources).options.dependsOn).toEqual([
    "metrics-alertmanager-config",
    "metrics-data",
    "metrics-node-exporter-namespace",
  ]);
  expect(find("metrics-alertmanager-config").inputs["immutable"]).toBe(true);
  expect(find("metrics").outputs).toEqual({
    url: "http://prometheus.ml.svc.cluster.local:9090",
    alertmanagerUrl: "http://alertmanager.ml.svc.cluster.local:9093",
  });
});

// SECURITY.md: Only node-exporter may see its node, in a privileged namespace where nothing else
// runs; kube-state-metrics reads no Secrets.
test("node-exporter alone has a privileged namespace", async () => {
  const { find } = await record(() =>
    make("metrics", { ...base, labels: { "pod-security.kubernetes.io/enforce": "baseline" } }),
  );
  expect(find("metrics-node-exporter-namespace").inputs["metadata"]).toEqual({
    name: "ml-node-exporter",
    labels: {
      "app.kubernetes.io/part-of": "mlops-platform",
      "mlops-platform/state": stateId,
      "pod-security.kubernetes.io/enforce": "privileged",
    },
    annotations: { "mlops-platform/stack": "test/dev" },
  });
});

const security = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
};
const helper = (request: string, limit: string) => ({
  requests: { cpu: "10m", memory: request },
  limits: { cpu: "500m", memory: limit },
});

// SECURITY.md: Prometheus and Alertmanager have no login, so nothing opens them to the outside;
// Prometheus cannot be stopped or reloaded over HTTP.
test("the server keeps its data on a claim, looks at its own configuration and cannot be stopped by HTTP", async () => {
  const { server, configmapReload } = await values();
  expect(server).toEqual({
    fullnameOverride: "prometheus",
    clusterRoleNameOverride: "ml-prometheus",
    enableServiceLinks: false,
    baseURL: "http://prometheus.ml.svc.cluster.local:9090",
    extraFlags: ["enable-feature=auto-reload-config"],
    global: { scrape_interval: "15s", scrape_timeout: "10s", evaluation_interval: "15s" },
    retention: "15d",
    retentionSize: "6553MB",
    persistentVolume: { existingClaim: "prometheus-data" },
    service: { servicePort: 9090 },
    resources: {
      requests: { cpu: "100m", memory: "256Mi" },
      limits: { cpu: "1", memory: "1Gi" },
    },
    containerSecurityContext: security,
    startupProbe: { enabled: true, periodSeconds: 1, failureThreshold: 600 },
    readinessProbeInitialDelay: 0,
    readinessProbePeriodSeconds: 2,
    livenessProbeInitialDelay: 0,
    alertmanagers: [{ static_configs: [{ targets: ["alertmanager.ml.svc.cluster.local:9093"] }] }],
  });
  expect(configmapReload).toEqual({ prometheus: { enabled: false } });
});

// SECURITY.md: Every pod of the namespace runs without root and with a read-only root file system,
// under Pod Security `restricted`.
// SECURITY.md: Only node-exporter may see its node, in a privileged namespace where nothing else
// runs; kube-state-metrics reads no Secrets.
// SECURITY.md: Only what reads objects of the cluster has a token of a service account: Prometheus,
// kube-state-metrics and Grafana's sidecar.
test("every other part is small, guarded and prompt", async () => {
  const all = await values();
  expect(all.alertmanager).toEqual({
    enabled: true,
    fullnameOverride: "alertmanager",
    automountServiceAccountToken: false,
    baseURL: "http://alertmanager.ml.svc.cluster.local:9093",
    config: { enabled: false },
    extraSecretMounts: [
      {
        name: "config",
        mountPath: "/etc/alertmanager",
        secretName: "metrics-alertmanager-config-1a2b3c",
        readOnly: true,
      },
    ],
    extraArgs: { "cluster.listen-address": "" },
    persistence: { size: "100Mi" },
    resources: helper("32Mi", "128Mi"),
    securityContext: security,
    livenessProbe: { httpGet: { path: "/-/healthy", port: "http" } },
    readinessProbe: { httpGet: { path: "/-/ready", port: "http" }, periodSeconds: 2 },
  });
  const { collectors, ...kubeStateMetrics } = all["kube-state-metrics"];
  expect(kubeStateMetrics).toEqual({
    enabled: true,
    fullnameOverride: "ml-kube-state-metrics",
    resources: helper("48Mi", "256Mi"),
    readinessProbe: { initialDelaySeconds: 0, periodSeconds: 2 },
  });
  expect(collectors).toEqual(expect.arrayContaining(["pods", "jobs", "nodes"]));
  expect(collectors).not.toContain("secrets");
  expect(collectors).not.toContain("configmaps");
  expect(all["prometheus-node-exporter"]).toEqual({
    enabled: true,
    fullnameOverride: "node-exporter",
    namespaceOverride: "ml-node-exporter",
    service: { port: 9100, targetPort: 9100, listenOnAllInterfaces: false },
    hostRootFsMount: { mountPropagation: "None" },
    resources: helper("24Mi", "128Mi"),
    containerSecurityContext: security,
    readinessProbe: { periodSeconds: 2 },
  });
  expect(all["prometheus-pushgateway"]).toEqual({
    enabled: true,
    fullnameOverride: "pushgateway",
    automountServiceAccountToken: false,
    serviceAnnotations: { "prometheus.io/scrape": "true" },
    resources: helper("24Mi", "128Mi"),
    containerSecurityContext: security,
    readiness: { probe: { initialDelaySeconds: 0, periodSeconds: 2 } },
  });
});

test("all parts together ask for less than half a GiB", async () => {
  const all = await values();
  const requests = [
    ...["server", "alertmanager", "kube-state-metrics"],
    ...["prometheus-node-exporter", "prometheus-pushgateway"],
  ].map((part) => Number.parseInt(at(all[part], "resources", "requests", "memory") as string, 10));
  expect(requests).toHaveLength(5);
  expect(requests.reduce((sum, one) => sum + one)).toBeLessThan(500);
});

test("the rules are the platform's, and about Alertmanager only where there is one", async () => {
  const alerts = (all: any): string[] =>
    all.serverFiles["alerting_rules.yml"].groups.flatMap((group: any) =>
      group.rules.map((rule: any) => rule.alert),
    );
  const [all, without] = [alerts(await values()), alerts(await values({ alertmanager: false }))];
  expect(all).toContain("PostgresUnreachable");
  expect(all.some((name) => name.includes("Alertmanager"))).toBe(true);
  expect(without.filter((name) => name.includes("Alertmanager"))).toEqual([]);
});

describePreview(make, "metrics", base, (unknown) => ({
  namespace: unknown,
  storageSize: unknown,
  retention: unknown,
  retentionSize: unknown,
  storageClassName: unknown,
  nodeExporterNamespace: unknown,
  receivers: { slack: { webhookUrl: unknown } },
  labels: { team: unknown },
  values: { server: { baseURL: unknown } },
}));

const checker = promtool();
const name = "path" in checker ? "promtool" : `promtool (skipped: ${checker.reason})`;

("path" in checker ? describe : describe.skip)(name, () => {
  const folder = mkdtempSync(join(tmpdir(), "promtool-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  /**
   * What the chart makes of the values: they stand in the file as they are, a job by its key. Debian builds its
   * Prometheus without Kubernetes; where the targets come from has no part in the rest of a job.
   */
  const configuration = (all: any) => ({
    global: all.server.global,
    alerting: { alertmanagers: all.server.alertmanagers ?? [] },
    scrape_configs: Object.entries<any>(all.scrapeConfigs)
      .filter(([, job]) => job.enabled !== false)
      .map(([job_name, { kubernetes_sd_configs, ...job }]) => ({
        job_name,
        ...job,
        ...(kubernetes_sd_configs && { file_sd_configs: [{ files: ["targets.json"] }] }),
      })),
  });
  const check = (config: unknown) => {
    const path = join(folder, "prometheus.yml");
    writeFileSync(path, JSON.stringify(config));
    const { path: program } = checker as { path: string };
    // the files of a service account are not there
    const options = ["check", "config", "--syntax-only", path];
    return execFileSync(program, options, { encoding: "utf8", stdio: "pipe" });
  };

  test.each<[string, Partial<PrometheusArgs>]>([
    ["everything", {}],
    ["no Alertmanager", { alertmanager: false }],
  ])("accepts the jobs with %s", async (_, args) => {
    expect(check(configuration(await values(args)))).toContain("SUCCESS");
  });

  test("refuses a faulty job, or accepting ours would say nothing", async () => {
    const all = await values({ values: { scrapeConfigs: { mine: { targets: [] } } } });
    expect(() => check(configuration(all))).toThrow("field targets not found");
  });
});
