import { MlopsPlatform } from "../../../components/index.ts";
import { describePreview, describeRefusals, tree } from "../../support/cases.ts";
import { makePlatform as make, platformArgs as base } from "../../support/fixtures.ts";
import { at } from "../../support/podSecurity.ts";
import { record, stateId } from "../../support/recorder.ts";

const { images } = base;

test("composes database, artifacts, tracking, serving, page, training and monitoring", async () => {
  const { resources } = await record(() => make("ml", base));
  expect(tree(resources).filter((line) => line.startsWith("mlops:"))).toEqual([
    "mlops:index:Grafana ml-grafana < ml",
    "mlops:index:MlopsPlatform ml",
    "mlops:index:ModelServer ml-serving < ml",
    "mlops:index:NetworkFlows ml-network < ml",
    "mlops:index:PostgresDatabase ml-database < ml",
    "mlops:index:PredictionApp ml-prediction < ml",
    "mlops:index:Prometheus ml-prometheus < ml",
    "mlops:index:TrackingServer ml-tracking < ml",
    "mlops:index:TrainingJob ml-example-training < ml",
    "mlops:index:VolumeArtifactStore ml-artifacts < ml",
  ]);
});

// SECURITY.md: The namespace refuses any other pod.
test("its namespace refuses pods that are not restricted, and says which stack and state it is of", async () => {
  const labels = {
    "pod-security.kubernetes.io/enforce": "privileged",
    "mlops-platform/state": "anyone",
  };
  const { find } = await record(() => make("ml", { ...base, labels }));
  expect(at(find("ml-namespace").inputs, "metadata")).toEqual({
    name: "mlops",
    labels: {
      "app.kubernetes.io/part-of": "mlops-platform",
      "pod-security.kubernetes.io/enforce": "restricted",
      "pod-security.kubernetes.io/warn": "restricted",
      "pod-security.kubernetes.io/audit": "restricted",
      "mlops-platform/state": stateId,
    },
    annotations: { "mlops-platform/stack": "test/dev" },
  });
});

test("training waits until MLflow answers", async () => {
  const { find } = await record(() => make("ml", { ...base, trainingSchedule: "@daily" }));
  for (const [component, job] of [
    ["ml-example-training", "ml-example-training-job"],
    ["ml-retraining", "ml-retraining-schedule"],
  ] as const) {
    // a child is registered when its parent is, and that waits for the server's Deployment
    expect(find(component).options.dependsOn).toContain("ml-tracking-server");
    expect(find(job).parent).toBe(component);
  }
});

test("options reach every resource", async () => {
  const program = () => new MlopsPlatform("ml", base, { protect: true });
  const { resources } = await record(program);
  expect(resources.filter(({ options }) => !options.protect)).toEqual([]);
});

const subject = 'MlopsPlatform "ml"';
describeRefusals(make, "ml", base, [
  [
    { namespace: "My Team" },
    `${subject}: namespace must be a DNS label such as mlops: small letters, digits and dashes`,
  ],
  [
    { namespace: "n".repeat(50) },
    `${subject}: namespace must have 49 characters at most, for node-exporter's namespace is named after it; shorten it or set monitoring.nodeExporter to false`,
  ],
  [
    { images: { ...images, postgres: undefined } },
    `${subject}: images.postgres must be given for a database in the cluster; add it or pass database`,
  ],
  [{ trackingReplicas: 21 }, `${subject}: trackingReplicas must be a whole number from 1 to 20`],
  [
    { trackingReplicas: 2 },
    `${subject}: trackingReplicas must be 1 while artifacts are on a ReadWriteOnce volume; pass artifacts in a bucket or set it to 1`,
  ],
  [{ servingReplicas: 0 }, `${subject}: servingReplicas must be a whole number from 1 to 100`],
  [
    { servingReplicas: 1, servingAutoscaling: { maxReplicas: 2 } },
    `${subject}: servingReplicas and servingAutoscaling exclude each other; leave one of them out`,
  ],
  [
    { predictionReplicas: 0 },
    `${subject}: predictionReplicas must be a whole number from 1 to 100`,
  ],
  [
    { databaseStorageSize: "8" },
    `${subject}: databaseStorageSize must be a quantity of bytes such as 8Gi`,
  ],
  [
    { artifactStorageSize: "8 GB" },
    `${subject}: artifactStorageSize must be a quantity of bytes such as 20Gi`,
  ],
  [
    { monitoring: { storageSize: "8" } },
    `${subject}: monitoring.storageSize must be a quantity of bytes such as 8Gi`,
  ],
  [
    { monitoring: { retention: "two weeks" } },
    `${subject}: monitoring.retention must be a duration such as 15d`,
  ],
  [
    { monitoring: { receivers: { webhook: { url: "pager" } } } },
    `${subject}: monitoring.receivers.webhook.url must be a URL: http:// or https://`,
  ],
  [
    { monitoring: { prometheusChart: { version: "latest" } } },
    `${subject}: monitoring.prometheusChart.version must be an exact version such as 29.27.0, so that the same program deploys the same chart`,
  ],
  [
    { monitoring: { grafanaChart: { chart: "oci://a/b", repository: "https://c" } } },
    `${subject}: monitoring.grafanaChart.repository and an OCI reference exclude each other; leave monitoring.grafanaChart.repository out`,
  ],
  [
    { googleCredentials: "credentials.json" },
    `${subject}: googleCredentials must be the JSON of a service account's key: the content of its file, not the name`,
  ],
  [
    { nodePorts: { serving: 8080 } },
    `${subject}: nodePorts.serving must be between 30000 and 32767`,
  ],
  [
    { nodePorts: { grafana: 3000 } },
    `${subject}: nodePorts.grafana must be between 30000 and 32767`,
  ],
  [
    { nodePorts: { serving: 30001, tracking: 30001 } },
    `${subject}: nodePorts must differ from each other; choose another port`,
  ],
]);

describePreview(make, "ml", base, (unknown) => ({
  images: { tracking: unknown, serving: unknown, predict: unknown, postgres: unknown },
  modelName: unknown,
  modelAlias: unknown,
  experimentName: unknown,
  databaseStorageSize: unknown,
  nodeAddress: unknown,
}));
