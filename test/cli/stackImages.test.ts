import { imagesOf } from "../../cli/stackImages.ts";
import { mirrored } from "../../components/core/imageMirror.ts";
import { runProgram } from "../support/program.ts";
import { google, noNodePorts } from "../support/targets.ts";

/*
 * The list is taken from what the program declares, so that it holds what is deployed and nothing else. That the charts
 * deploy no other image is tested in test/contract and, by a real helm, in test/local/charts.
 */

const ours = ["backup", "model-diabetes-progression", "postgres", "predict", "tracking"];
const charts = [
  "docker.io/grafana/grafana",
  "quay.io/kiwigrid/k8s-sidecar",
  "quay.io/prometheus/alertmanager",
  "quay.io/prometheus/node-exporter",
  "quay.io/prometheus/prometheus",
  "quay.io/prometheus/pushgateway",
  "registry.k8s.io/kube-state-metrics/kube-state-metrics",
];
const cloudSqlProxy = "gcr.io/cloud-sql-connectors/cloud-sql-proxy";
const oauth2Proxy = "quay.io/oauth2-proxy/oauth2-proxy";
const loginSettings = {
  domain: "mlops.example.org",
  oidcIssuerUrl: "https://login.example.org",
  oidcClientId: "mlops",
  oidcClientSecret: "secret",
  oidcEmailDomain: "example.org",
};
const gke = { ...google, cluster: "gke", dataStores: "gcp" };
const inRegistry = (registry: string, names: string[]) =>
  names.map((name) => `${registry}/${name}`);
const own = "europe-west1-docker.pkg.dev/mlops-test/mlops";
const onGoogle = ["backup", "model-diabetes-progression", "predict", "tracking"];
const onGke = inRegistry(own, onGoogle);

async function listed(settings: object): Promise<string[]> {
  const { resources } = await runProgram({ ...settings });
  return imagesOf(resources).map(({ reference }) => reference);
}
const withoutTags = (references: readonly string[]) =>
  references.map((reference) => reference.replace(/:[^/]*$/, "")).sort();

test.each<[profile: string, settings: object, images: string[]]>([
  ["on a cluster of this machine", {}, [...inRegistry("localhost/mlops", ours), ...charts]],
  ["without monitoring", { monitoring: false }, inRegistry("localhost/mlops", ours)],
  [
    "paused",
    { paused: true },
    [...inRegistry("localhost/mlops", ours), ...charts].filter(
      (image) => !image.includes("node-exporter"),
    ),
  ],
  [
    "with Cloud SQL and a bucket",
    { ...google, dataStores: "gcp" },
    [...inRegistry("localhost/mlops", onGoogle), ...charts, cloudSqlProxy],
  ],
  ["on GKE", { ...gke, ...noNodePorts }, [...onGke, ...charts, cloudSqlProxy]],
  [
    "on GKE with a domain and a login",
    { ...gke, ...noNodePorts, ...loginSettings },
    [...onGke, ...charts, cloudSqlProxy, oauth2Proxy],
  ],
])("a stack %s deploys exactly these images", async (_, settings, images) => {
  const found = await listed(settings);
  expect(withoutTags(found)).toEqual([...images].sort());
  for (const reference of found) expect(reference).toMatch(/:[\w.-]+(@sha256:[0-9a-f]{64})?$/);
});

test("with a mirror, nothing is pulled from anywhere else", async () => {
  const settings = {
    ...gke,
    ...noNodePorts,
    ...loginSettings,
    dataStores: "cluster",
    postgresImage: "postgres:17.6",
    imageRegistry: "mirror.example.org/team",
    imageMirror: "mirror.example.org",
    models: { churn: { image: "ghcr.io/someone/churn:1" } },
  };
  const found = await listed(settings);
  expect(found.filter((reference) => !reference.startsWith("mirror.example.org/"))).toEqual([]);
  expect(found).toContain("mirror.example.org/library/postgres:17.6");
  expect(found).toContain("mirror.example.org/someone/churn:1");
});

test.each([
  ["postgres:17", "m.example/library/postgres:17"],
  ["bitnami/postgres:17", "m.example/bitnami/postgres:17"],
  ["quay.io/a/b:1@sha256:00", "m.example/a/b:1@sha256:00"],
  ["localhost:5000/a:1", "m.example/a:1"],
  ["m.example/a:1", "m.example/a:1"],
])("%s is %s behind the mirror m.example", (reference, behind) => {
  expect(mirrored(reference, "m.example")).toBe(behind);
  expect(mirrored(reference)).toBe(reference);
});

test("a chart of another version, whose images are not known, is refused with the fix", async () => {
  await expect(listed({ grafanaChartVersion: "13.0.0" })).rejects.toThrow(
    "the tag of grafana/grafana is left to the chart, so that this command cannot know it; set image.tag in the chart's values, or leave the chart's version out",
  );
});
