import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Prometheus, type PrometheusArgs } from "../../../components/index.ts";
import { metrics } from "../../../components/monitoring/metrics.ts";
import { describePreview, tree } from "../../support/cases.ts";
import { releaseOf, valuesOf } from "../../support/charts.ts";
import { at, podFaults } from "../../support/podSecurity.ts";
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
  // else Kubernetes would refuse the pods of node-exporter, or Alertmanager would wait for its configuration
  expect(releaseOf(resources).options.dependsOn).toEqual([
    "metrics-alertmanager-config",
    "metrics-data",
    "metrics-node-exporter-namespace",
  ]);
  expect(find("metrics-alertmanager-config").inputs["immutable"]).toBe(true);
  const { server, alertmanager }: any = valuesOf(resources);
  expect(find("metrics").outputs).toEqual({
    url: `http://${server.fullnameOverride}.ml.svc.cluster.local:${server.service.servicePort}`,
    alertmanagerUrl: `http://${alertmanager.fullnameOverride}.ml.svc.cluster.local:9093`,
  });
});

// SECURITY.md: Only node-exporter may see its node, in a privileged namespace where nothing else
// runs; kube-state-metrics reads no Secrets.
test("only node-exporter has a privileged namespace", async () => {
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

test("with namespaceOnly it has a Role, and nothing requires rights outside the namespace", async () => {
  const { resources, find } = await record(() => make("metrics", { ...base, namespaceOnly: true }));
  expect(resources.map(({ type }) => type)).not.toContain("kubernetes:core/v1:Namespace");
  expect(find("metrics-discovery-role").inputs["rules"]).toEqual([
    {
      apiGroups: [""],
      resources: ["endpoints", "pods", "services"],
      verbs: ["get", "list", "watch"],
    },
    {
      apiGroups: ["discovery.k8s.io"],
      resources: ["endpointslices"],
      verbs: ["get", "list", "watch"],
    },
  ]);
  const sent: any = valuesOf(resources);
  expect(sent.rbac).toEqual({ create: false });
  expect(sent["prometheus-node-exporter"]).toEqual({ enabled: false });
  expect(sent["kube-state-metrics"]).toMatchObject({
    rbac: { useClusterRole: false },
    namespaces: "ml",
  });
  for (const kind of ["namespaces", "nodes", "persistentvolumes"]) {
    expect(sent["kube-state-metrics"].collectors).not.toContain(kind);
  }
  const jobs: any[] = Object.values(sent.scrapeConfigs);
  const found = jobs.flatMap((job) => job.kubernetes_sd_configs ?? []);
  expect(found.map(({ role }) => role).sort()).toEqual(["endpointslice", "pod"]);
  for (const { namespaces } of found) expect(namespaces).toEqual({ names: ["ml"] });
});

// SECURITY.md: Prometheus and Alertmanager have no login, so nothing opens them to the outside;
// Prometheus cannot be stopped or reloaded over HTTP.
test("no client can stop or reload Prometheus over HTTP, and no Service or Ingress exposes it", async () => {
  const all = await values();
  // this list replaces the chart's, which has `web.enable-lifecycle`
  expect(all.server.extraFlags).toEqual(["enable-feature=auto-reload-config"]);
  expect(all.configmapReload.prometheus.enabled).toBe(false);
  for (const { service, ingress } of [all.server, all.alertmanager]) {
    expect([service?.type, ingress]).toEqual([undefined, undefined]);
  }
});

test("its samples are on the claim, and Alertmanager reads the Secret with its receivers", async () => {
  const { resources, find } = await record(() => make("metrics", base));
  const { server, alertmanager }: any = valuesOf(resources);
  const claim = at(find("metrics-data").inputs, "metadata", "name");
  expect(server.persistentVolume).toEqual({ existingClaim: claim });
  expect(alertmanager.config.enabled).toBe(false);
  const { secretName, mountPath } = alertmanager.extraSecretMounts[0];
  expect([secretName, mountPath]).toEqual([
    "metrics-alertmanager-config-1a2b3c",
    "/etc/alertmanager",
  ]);
});

// SECURITY.md: Every pod of the namespace runs without root and with a read-only root file system,
// under Pod Security `restricted`.
test.each([
  ["server", "containerSecurityContext"],
  ["alertmanager", "securityContext"],
  ["prometheus-node-exporter", "containerSecurityContext"],
  ["prometheus-pushgateway", "containerSecurityContext"],
])(
  "%s may not become root or write to its image, and its resources are bounded",
  async (part, key) => {
    const { resources, [key]: securityContext } = (await values())[part];
    const bare = podFaults({});
    const faults = podFaults({ containers: [{ resources, securityContext }] });
    expect(faults.filter((fault) => !bare.includes(fault))).toEqual([]);
    expect(securityContext.seccompProfile).toEqual({ type: "RuntimeDefault" });
  },
);

// SECURITY.md: Only node-exporter may see its node, in a privileged namespace where nothing else
// runs; kube-state-metrics reads no Secrets.
test("kube-state-metrics reads what the dashboards and alerts query, and no Secrets", async () => {
  const { collectors } = (await values())["kube-state-metrics"];
  const kinds = Object.keys(metrics).flatMap((name) => /^kube_([a-z]+)_/.exec(name)?.[1] ?? []);
  expect(kinds).toContain("pod");
  expect(kinds.filter((kind) => !collectors.includes(`${kind}s`))).toEqual([]);
  expect(collectors.filter((kind: string) => /secret|configmap/.test(kind))).toEqual([]);
});

// SECURITY.md: Only what works with objects of the cluster has a token of a service account: Prometheus,
// kube-state-metrics, Grafana's sidecar, and of a restore the step that stops and starts MLflow.
// SECURITY.md: node-exporter listens at the node's address inside the cluster, not at every address
// of its machine.
test("parts that read no objects have no token, and node-exporter listens on one address", async () => {
  const all = await values();
  const without = Object.keys(all).filter(
    (part) => !(all[part].automountServiceAccountToken ?? true),
  );
  expect(without).toEqual(["alertmanager", "prometheus-pushgateway"]);
  expect(all["prometheus-node-exporter"].service.listenOnAllInterfaces).toBe(false);
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

  test("refuses a faulty job, which proves that the check works", async () => {
    const all = await values({ values: { scrapeConfigs: { mine: { targets: [] } } } });
    expect(() => check(configuration(all))).toThrow("field targets not found");
  });
});
