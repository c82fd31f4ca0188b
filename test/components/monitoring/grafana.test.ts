import { Grafana, type GrafanaArgs } from "../../../components/index.ts";
import { dashboards } from "../../../components/monitoring/dashboards/index.ts";
import { describePreview, describeRefusals, tree } from "../../support/cases.ts";
import { releaseOf, valuesOf } from "../../support/charts.ts";
import { record } from "../../support/recorder.ts";

const make = (name: string, args: GrafanaArgs) => new Grafana(name, args);
const one = { uid: "mlops-home", title: "Home", json: "{}" };
const base: GrafanaArgs = {
  namespace: "ml",
  prometheusUrl: "http://prometheus:9090",
  dashboards: [one],
};
const values = async (args: Partial<GrafanaArgs> = {}): Promise<any> =>
  valuesOf((await record(() => make("grafana", { ...base, ...args }))).resources);

// SECURITY.md: Grafana asks for a generated password.
test("makes a Release, its credentials, a Role for its sidecar and a ConfigMap for each dashboard", async () => {
  const { resources, find } = await record(() => make("grafana", base));
  expect(tree(resources)).toEqual([
    "kubernetes:core/v1:ConfigMap grafana-dashboard-mlops-home < grafana",
    "kubernetes:core/v1:PersistentVolumeClaim grafana-data < grafana",
    "kubernetes:core/v1:Secret grafana-credentials < grafana",
    "kubernetes:helm.sh/v3:Release grafana-release < grafana",
    "kubernetes:rbac.authorization.k8s.io/v1:Role grafana-dashboard-reader < grafana",
    "mlops:index:Grafana grafana",
    "random:index/randomPassword:RandomPassword grafana-admin-password < grafana",
    "random:index/randomPassword:RandomPassword grafana-secret-key < grafana",
  ]);
  // the provider itself adds `compat`
  const { values: _, compat: __, ...release } = releaseOf(resources).inputs;
  expect(release).toEqual({
    name: "grafana",
    namespace: "ml",
    chart: "oci://ghcr.io/grafana-community/helm-charts/grafana",
    version: "12.11.1",
    timeout: 300,
    maxHistory: 3,
  });
  expect(releaseOf(resources).options.dependsOn).toEqual([
    "grafana-credentials",
    "grafana-dashboard-reader",
    "grafana-data",
  ]);
  expect(find("grafana-credentials").inputs["immutable"]).toBe(true);
});

test("a dashboard is a file that the sidecar finds by its label and Grafana shows in a folder", async () => {
  const { find } = await record(() => make("grafana", base));
  const { metadata, data } = find("grafana-dashboard-mlops-home").inputs;
  expect(data).toEqual({ "mlops-home.json": "{}" });
  // a generated name would make the new one before the old one goes, and their files have one name
  expect(metadata).toEqual({
    name: "grafana-dashboard-mlops-home",
    namespace: "ml",
    labels: {
      "app.kubernetes.io/part-of": "mlops-platform",
      "app.kubernetes.io/managed-by": "pulumi",
      "app.kubernetes.io/name": "grafana",
      "app.kubernetes.io/instance": "grafana",
      grafana_dashboard: "1",
    },
    annotations: { grafana_folder: "MLOps" },
  });
  const { sidecar } = await values();
  expect(sidecar.dashboards).toMatchObject({
    label: "grafana_dashboard",
    folderAnnotation: "grafana_folder",
    resource: "configmap",
  });
});

test("the platform's dashboards fit into ConfigMaps, and the home page is one of them", async () => {
  const platform = await record(() => make("grafana", { ...base, dashboards: undefined }));
  const uids = dashboards().map(({ uid }) => uid);
  expect(uids).toContain("mlops-home");
  for (const uid of uids) {
    const { data } = platform.find(`grafana-dashboard-${uid}`).inputs as any;
    expect(JSON.parse(data[`${uid}.json`]).uid).toBe(uid);
  }
  const settings: any = valuesOf(platform.resources)["grafana.ini"];
  expect(settings.users.home_page).toBe("/d/mlops-home");
});

// SECURITY.md: Only what reads objects of the cluster has a token of a service account: Prometheus,
// kube-state-metrics and Grafana's sidecar.
test("the sidecar alone has a token, and that opens ConfigMaps alone", async () => {
  const { find } = await record(() => make("grafana", base));
  expect(find("grafana-dashboard-reader").inputs["rules"]).toEqual([
    { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "watch"] },
  ]);
  const all = await values();
  expect(all.automountServiceAccountToken).toBe(false);
  expect(all.rbac).toEqual({
    namespaced: true,
    useExistingRole: "grafana-dashboard-reader",
  });
  const token = { name: "sidecar-token", readOnly: true };
  expect(all.sidecar.dashboards.extraMounts).toContainEqual({
    ...token,
    mountPath: "/var/run/secrets/kubernetes.io/serviceaccount",
  });
  expect(all.extraVolumeMounts).toEqual([{ name: "tmp", mountPath: "/tmp", readOnly: false }]);
  // else the sidecar would need the administrator's password
  expect(all.sidecar.dashboards.skipReload).toBe(true);
});

// SECURITY.md: Grafana asks for a generated password.
test("nobody gets in without a login, and nothing is fetched from or told to anybody outside", async () => {
  expect((await values())["grafana.ini"]).toEqual({
    server: { root_url: "http://grafana.ml.svc.cluster.local:3000" },
    "auth.anonymous": { enabled: false },
    users: { allow_sign_up: false, allow_org_create: false, home_page: "/d/mlops-home" },
    security: { disable_gravatar: true, cookie_samesite: "lax" },
    analytics: {
      reporting_enabled: false,
      check_for_updates: false,
      check_for_plugin_updates: false,
      feedback_links_enabled: false,
    },
    news: { news_feed_enabled: false },
    plugins: {
      preinstall_disabled: true,
      preinstall_auto_update: false,
      plugin_admin_enabled: false,
      public_key_retrieval_disabled: true,
    },
    snapshots: { external_enabled: false },
    public_dashboards: { enabled: false },
    metrics: { enabled: false },
  });
});

// SECURITY.md: Every pod of the namespace runs without root and with a read-only root file system,
// under Pod Security `restricted`.
test("its data stay when the pod goes, and no container is root or may become it", async () => {
  const all = await values();
  expect(all.persistence).toEqual({ enabled: true, existingClaim: "grafana-data" });
  expect(all.deploymentStrategy).toEqual({ type: "Recreate" });
  expect(all.initChownData).toEqual({ enabled: false });
  const security = {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
    seccompProfile: { type: "RuntimeDefault" },
  };
  expect(all.containerSecurityContext).toEqual(security);
  expect(all.sidecar.securityContext).toEqual(security);
  expect(all.admin).toEqual({ existingSecret: "grafana-credentials-1a2b3c" });
  const secretKeyRef = { name: "grafana-credentials-1a2b3c", key: "secret-key" };
  expect(all.envValueFrom).toEqual({ GF_SECURITY_SECRET_KEY: { secretKeyRef } });
});

const it = 'Grafana "grafana": ';
// SECURITY.md: Grafana's anonymous access, sign-up and embedding cannot be switched on by chart
// values.
describe("values that open it without its login are refused", () => {
  test.each<[string, object, string]>([
    [
      "anonymous access",
      { "grafana.ini": { "auth.anonymous": { enabled: true } } },
      "grafana.ini.auth.anonymous.enabled",
    ],
    ["sign-up", { "grafana.ini": { users: { allow_sign_up: "1" } } }, "users.allow_sign_up"],
    ["embedding", { env: { GF_SECURITY_ALLOW_EMBEDDING: "True" } }, "GF_SECURITY_ALLOW_EMBEDDING"],
    ["a public page", { envVars: { GF_PUBLIC_DASHBOARDS_ENABLED: "on" } }, "PUBLIC_DASHBOARDS"],
  ])("%s", async (_, opening, setting) => {
    await expect(values({ values: opening })).rejects.toThrow(
      /Grafana "grafana": values must keep Grafana's login; leave out /,
    );
    await expect(values({ values: opening })).rejects.toThrow(setting);
  });
});

describeRefusals(make, "grafana", base, [
  [{ nodePort: 3000 }, `${it}nodePort must be between 30000 and 32767`],
  [
    { publicUrl: "http://grafana.example.com" },
    `${it}publicUrl must be an https: URL without a path, such as https://grafana.example.com`,
  ],
  [{ storageSize: "1" }, `${it}storageSize must be a quantity of bytes such as 1Gi`],
  [
    { chart: { version: ">=12" } },
    `${it}chart.version must be an exact version such as 29.27.0, so that the same program deploys the same chart`,
  ],
  [{ dashboards: [one, one] }, `${it}dashboards must have uids that differ; rename one of them`],
  [
    { dashboards: [{ ...one, uid: "My Board" }] },
    `${it}dashboards[0].uid must have at most 40 small letters, digits and dashes; rename it`,
  ],
]);

test("refuses a dashboard that no ConfigMap could hold", async () => {
  const large = { ...one, json: JSON.stringify("ä".repeat(600_000)) };
  await expect(record(() => make("grafana", { ...base, dashboards: [large] }))).rejects.toThrow(
    `${it}dashboards[0].json must be smaller than a ConfigMap, which holds 1 MiB; split it`,
  );
});

describePreview(make, "grafana", base, (unknown) => ({
  namespace: unknown,
  prometheusUrl: unknown,
  alertmanagerUrl: unknown,
  storageSize: unknown,
  storageClassName: unknown,
  nodeAddress: unknown,
  labels: { team: unknown },
  values: { "grafana.ini": { server: { root_url: unknown } } },
}));
