import { Grafana, type GrafanaArgs } from "../../../components/index.ts";
import { dashboards } from "../../../components/monitoring/dashboards/index.ts";
import { describePreview, describeRefusals, tree } from "../../support/cases.ts";
import { releaseOf, valuesOf } from "../../support/charts.ts";
import { at, podFaults } from "../../support/podSecurity.ts";
import { record } from "../../support/recorder.ts";
import { readable } from "../../support/wire.ts";

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
  expect(releaseOf(resources).options.dependsOn).toEqual([
    "grafana-credentials",
    "grafana-dashboard-reader",
    "grafana-data",
  ]);
  expect(find("grafana-credentials").inputs["immutable"]).toBe(true);
  const { fullnameOverride, service }: any = valuesOf(resources);
  expect(find("grafana").outputs!["internalUrl"]).toBe(
    `http://${fullnameOverride}.ml.svc.cluster.local:${service.port}`,
  );
});

test("a dashboard is a file that the sidecar finds by its label and Grafana shows in a folder", async () => {
  const { resources, find } = await record(() => make("grafana", base));
  const { metadata, data }: any = find("grafana-dashboard-mlops-home").inputs;
  expect(data).toEqual({ "mlops-home.json": "{}" });
  // a generated name would make the new one before the old one goes, and their files have one name
  expect(metadata.name).toBe("grafana-dashboard-mlops-home");
  const { dashboards }: any = valuesOf(resources)["sidecar"];
  expect(dashboards).toMatchObject({ enabled: true, resource: "configmap" });
  expect(metadata.labels[dashboards.label]).toBe("1");
  expect(metadata.annotations[dashboards.folderAnnotation]).toBe("MLOps");
  expect(dashboards.provider.foldersFromFilesStructure).toBe(true);
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

// SECURITY.md: Only what works with objects of the cluster has a token of a service account: Prometheus,
// kube-state-metrics, Grafana's sidecar, and of a restore the step that stops and starts MLflow.
test("only the sidecar has a token, and it can read only ConfigMaps", async () => {
  const { resources, find } = await record(() => make("grafana", base));
  const { rules, metadata }: any = find("grafana-dashboard-reader").inputs;
  expect(rules).toEqual([
    { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "watch"] },
  ]);
  const all: any = valuesOf(resources);
  expect(all.rbac).toEqual({ namespaced: true, useExistingRole: metadata.name });
  expect(all.automountServiceAccountToken).toBe(false);
  const tokens = all.extraContainerVolumes.filter((volume: any) => volume.projected);
  const mounted = (mounts: any[]) =>
    mounts.filter(({ name }) => tokens.some((token: any) => token.name === name)).length;
  expect(mounted(all.sidecar.dashboards.extraMounts)).toBe(1);
  expect(mounted(all.extraVolumeMounts)).toBe(0);
  // else the sidecar would need the administrator's password
  expect(all.sidecar.dashboards.skipReload).toBe(true);
});

// SECURITY.md: Grafana asks for a generated password.
test("its passwords are those of the Secret that goes with it", async () => {
  const { resources, find } = await record(() => make("grafana", base));
  const { stringData }: any = readable(find("grafana-credentials").inputs);
  const { admin, envValueFrom }: any = valuesOf(resources);
  const { secretKeyRef } = envValueFrom.GF_SECURITY_SECRET_KEY;
  expect([admin.existingSecret, secretKeyRef.name]).toEqual(
    Array(2).fill("grafana-credentials-1a2b3c"),
  );
  // the chart's default names, and the one that is configured
  const wanted = ["admin-user", "admin-password", secretKeyRef.key];
  expect(Object.keys(stringData.secret).sort()).toEqual(wanted.sort());
});

// SECURITY.md: Grafana asks for a generated password.
test.each([
  ["allows no access without a login", "auth.anonymous", { enabled: false }],
  ["allows no sign-up", "users", { allow_sign_up: false, allow_org_create: false }],
  ["has no public dashboards", "public_dashboards", { enabled: false }],
  ["shows no metrics next to its pages", "metrics", { enabled: false }],
  ["hands no picture out to a server of others", "snapshots", { external_enabled: false }],
  ["does not fetch pictures of its users", "security", { disable_gravatar: true }],
  ["fetches no news", "news", { news_feed_enabled: false }],
  [
    "reports no usage, and checks for no updates",
    "analytics",
    { reporting_enabled: false, check_for_updates: false, check_for_plugin_updates: false },
  ],
  [
    "downloads no plugin and no key of a plugin",
    "plugins",
    {
      preinstall_disabled: true,
      preinstall_auto_update: false,
      plugin_admin_enabled: false,
      public_key_retrieval_disabled: true,
    },
  ],
])("Grafana %s", async (_, section, settings) => {
  expect((await values())["grafana.ini"][section]).toMatchObject(settings);
});

// SECURITY.md: Every pod of the namespace runs without root and with a read-only root file system,
// under Pod Security `restricted`.
test("no container is root, may become root or has unlimited resources", async () => {
  const all = await values();
  expect(all.initChownData.enabled).toBe(false);
  const containers = [
    { resources: all.resources, securityContext: all.containerSecurityContext },
    { resources: all.sidecar.resources, securityContext: all.sidecar.securityContext },
  ];
  const bare = podFaults({});
  expect(podFaults({ containers }).filter((fault) => !bare.includes(fault))).toEqual([]);
  for (const { securityContext } of containers)
    expect(securityContext.seccompProfile).toEqual({ type: "RuntimeDefault" });
});

test("its data outlives the pod, which stops before the next one starts", async () => {
  const { resources, find } = await record(() => make("grafana", base));
  const { persistence, deploymentStrategy }: any = valuesOf(resources);
  const claim = at(find("grafana-data").inputs, "metadata", "name");
  expect(persistence).toEqual({ enabled: true, existingClaim: claim });
  expect(deploymentStrategy).toEqual({ type: "Recreate" });
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
  [{ dashboards: [one, one] }, `${it}dashboards must have unique uids; rename one of them`],
  [
    { dashboards: [{ ...one, uid: "My Board" }] },
    `${it}dashboards[0].uid must have at most 40 lower-case letters, digits and dashes; rename it`,
  ],
]);

test("refuses a dashboard that is too large for a ConfigMap", async () => {
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
