import {
  type BackupDestination,
  MlopsPlatform,
  type MlopsPlatformArgs,
  type ModelTraining,
  platformFaults,
} from "../../../components/index.ts";
import { describePreview, describeRefusals, tree } from "../../support/cases.ts";
import {
  databaseOfMine,
  makePlatform as make,
  platformArgs as base,
} from "../../support/fixtures.ts";
import { at, list } from "../../support/podSecurity.ts";
import { record, stateId } from "../../support/recorder.ts";

const { images } = base;
const model = base.models[0]!;

test("composes database, artifacts, tracking, serving, page, training and monitoring", async () => {
  const { resources } = await record(() => make("ml", base));
  expect(tree(resources).filter((line) => line.startsWith("mlops:"))).toEqual([
    "mlops:index:Backup ml-backup < ml",
    "mlops:index:Grafana ml-grafana < ml",
    "mlops:index:MlopsPlatform ml",
    "mlops:index:ModelServer ml-serving-diabetes < ml",
    "mlops:index:NetworkFlows ml-network < ml",
    "mlops:index:PostgresDatabase ml-database < ml",
    "mlops:index:PredictionApp ml-prediction < ml",
    "mlops:index:Prometheus ml-prometheus < ml",
    "mlops:index:TrackingServer ml-tracking < ml",
    "mlops:index:TrainingJob ml-training-diabetes < ml",
    "mlops:index:VolumeArtifactStore ml-artifacts < ml",
  ]);
});

// SECURITY.md: The namespace refuses any other pod.
test("its namespace refuses pods that are not restricted, and is marked with its stack and state", async () => {
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

test("every object is marked with its stack, so that cleaning up a killed run deletes no objects of others", async () => {
  const { resources } = await record(() => make("ml", { ...base, annotations: { note: "hello" } }));
  const objects = resources.filter(({ inputs }) => inputs["metadata"] !== undefined);
  expect(objects.length).toBeGreaterThan(50);
  for (const { inputs } of objects) {
    expect(at(inputs, "metadata", "annotations")).toMatchObject({
      "mlops-platform/stack": "test/dev",
      note: "hello",
    });
  }
});

test("training waits until MLflow answers", async () => {
  const { find } = await record(() =>
    make("ml", { ...base, models: [{ ...model, training: { schedule: "@daily" } }] }),
  );
  for (const [component, job] of [
    ["ml-training-diabetes", "ml-training-diabetes-job"],
    ["ml-retraining-diabetes", "ml-retraining-diabetes-schedule"],
  ] as const) {
    // a child is registered when its parent is, and that waits for the server's Deployment
    expect(find(component).options.dependsOn).toContain("ml-tracking-server");
    expect(find(job).parent).toBe(component);
  }
});

describe("a model with steps", () => {
  const steps = [{ name: "train", command: ["python", "train.py"] }];
  const platform = (training: ModelTraining): MlopsPlatformArgs => ({
    ...base,
    models: [{ ...model, training: { steps, ...training } }],
    training: { trials: 8, command: ["mine"], resources: { cpuLimit: "3" } },
  });

  test("is trained by a pipeline, without the settings of a single script", async () => {
    const { resources, find } = await record(() => make("ml", platform({ schedule: "@daily" })));
    expect(tree(resources).filter((line) => /mlops:index:Training/.test(line))).toEqual([
      "mlops:index:TrainingPipeline ml-retraining-diabetes < ml",
      "mlops:index:TrainingPipeline ml-training-diabetes < ml",
    ]);
    const spec = at(find("ml-training-diabetes-job").inputs, "spec");
    expect(spec).not.toHaveProperty("completions");
    expect(list(at(spec, "template", "spec", "containers"))).toMatchObject([
      { name: "train", resources: { limits: { cpu: "3" } } },
    ]);
  });

  test("cannot also have a command, trials or a cluster", () => {
    const cluster = { workers: 2 };
    const faults = [{ command: ["mine"], trials: 2 }, { cluster }].flatMap((training) =>
      platformFaults(platform(training)),
    );
    const sentence = (key: string) =>
      `models[0].training.${key} and models[0].training.steps exclude each other; leave one of them out`;
    expect(faults.map(({ reason }) => reason)).toEqual(
      ["command", "trials", "cluster"].map(sentence),
    );
  });
});

// SECURITY.md: The pods of a training's Dask cluster let in pods of that training only, and Prometheus to their metrics.
test.each<[string, ModelTraining]>([
  ["training", { cluster: { workers: 2 } }],
  ["step", { steps: [{ name: "train", command: ["a"], cluster: { workers: 2 } }] }],
])(
  "the pods of a %s's cluster reach each other and Prometheus, but not those of another one",
  async (_, training) => {
    const others = { name: "churn", image: "registry/serving:1", training: {} };
    const models = [{ ...model, training }, others];
    const { resources, find } = await record(() => make("ml", { ...base, models }));
    const own = {
      "app.kubernetes.io/name": "training",
      "app.kubernetes.io/instance": "ml-training-diabetes",
    };
    const pods = { podSelector: { matchLabels: own } };
    const both = "ml-network-ml-training-diabetes";
    expect(at(find(`${both}-to-ml-training-diabetes`).inputs, "spec")).toMatchObject({
      ...pods,
      ingress: [{ from: [pods], ports: [{ protocol: "TCP" }] }],
    });
    expect(at(find(`${both}-may-call-ml-training-diabetes`).inputs, "spec")).toMatchObject({
      ...pods,
      egress: [{ to: [pods] }],
    });
    expect(at(find("ml-network-prometheus-to-ml-training-diabetes").inputs, "spec")).toMatchObject({
      ...pods,
      ingress: [{ ports: [{ port: 9464 }] }],
    });
    expect(
      resources.some(({ name }) => name.startsWith("ml-network") && name.includes("churn")),
    ).toBe(false);
  },
);

test("options reach every resource", async () => {
  const program = () => new MlopsPlatform("ml", base, { protect: true });
  const { resources } = await record(program);
  expect(resources.filter(({ options }) => !options.protect)).toEqual([]);
});

const subject = 'MlopsPlatform "ml"';
describeRefusals(make, "ml", base, [
  [
    { namespace: "My Team" },
    `${subject}: namespace must be a DNS label such as mlops: lower-case letters, digits and dashes, a letter first`,
  ],
  [
    { sparkConnectUrl: "spark:15002" },
    `${subject}: sparkConnectUrl must be a Spark Connect URL such as sc://host:15002`,
  ],
  [
    { namespace: "n".repeat(50) },
    `${subject}: namespace must have at most 49 characters, because node-exporter's namespace is named after it; shorten it or set monitoring.prometheus.nodeExporter to false`,
  ],
  [
    { images: { ...images, backup: undefined } },
    `${subject}: images.backup must be given for stores in the cluster; add it or set backup.enabled to false`,
  ],
  [
    { backup: { enabled: false }, database: databaseOfMine },
    `${subject}: backup has no effect with database or artifacts, which have their own backups; leave it out`,
  ],
  [
    { images: { ...images, postgres: undefined } },
    `${subject}: images.postgres must be given for a database in the cluster; add it or pass database`,
  ],
  [
    { tracking: { replicas: 21 } },
    `${subject}: tracking.replicas must be a whole number from 1 to 20`,
  ],
  [
    { tracking: { replicas: 2 } },
    `${subject}: tracking.replicas must be 1 while artifacts are on a ReadWriteOnce volume; use a bucket or set it to 1`,
  ],
  [
    { tracking: { replicas: 5, workers: 16 }, artifacts: { uri: "gs://bucket" } },
    `${subject}: tracking.replicas and tracking.workers need 1930 connections, and Postgres in the cluster allows 1000; lower one of them or pass database`,
  ],
  [
    { models: [{ ...model, replicas: 0 }] },
    `${subject}: models[0].replicas must be a whole number from 1 to 100`,
  ],
  [
    { models: [{ ...model, replicas: 1, autoscaling: { maxReplicas: 2 } }] },
    `${subject}: models[0].replicas and models[0].autoscaling exclude each other; leave one of them out`,
  ],
  [
    { postgres: { storageSize: "8" } },
    `${subject}: postgres.storageSize must be a quantity of bytes such as 8Gi`,
  ],
  [
    { postgres: { storageSize: "8Gi" }, database: databaseOfMine },
    `${subject}: postgres has no effect with database; leave one of them out`,
  ],
  [
    { artifactVolume: { storageSize: "8Gi" }, artifacts: { uri: "gs://bucket" } },
    `${subject}: artifactVolume has no effect with artifacts; leave one of them out`,
  ],
  [
    { monitoring: { prometheus: { retention: "two weeks" } } },
    `${subject}: monitoring.prometheus.retention must be a duration such as 15d`,
  ],
  [
    { monitoring: { prometheus: { receivers: { webhook: { url: "pager" } } } } },
    `${subject}: monitoring.prometheus.receivers.webhook.url must be a URL: http:// or https://`,
  ],
  [
    { monitoring: { prometheus: { chart: { version: "latest" } } } },
    `${subject}: monitoring.prometheus.chart.version must be an exact version such as 29.27.0, so that the same program deploys the same chart`,
  ],
  [
    { monitoring: { grafana: { chart: { chart: "oci://a/b", repository: "https://c" } } } },
    `${subject}: monitoring.grafana.chart.repository and an OCI reference exclude each other; leave monitoring.grafana.chart.repository out`,
  ],
  [
    { googleCredentials: "credentials.json" },
    `${subject}: googleCredentials must be the JSON of a service account's key: the content of its file, not the name`,
  ],
  [
    { monitoring: { grafana: { nodePort: 3000 } } },
    `${subject}: monitoring.grafana.nodePort must be between 30000 and 32767`,
  ],
  [
    { models: [{ ...model, nodePort: 30001 }], tracking: { nodePort: 30001 } },
    `${subject}: models[0].nodePort must differ from tracking.nodePort; choose another port`,
  ],
]);

test("names every fault of every part at once, unknown arguments with the nearest name among them", () => {
  const faulty = {
    ...base,
    traking: {},
    tracking: { replicas: "2", worker: 3 },
    monitoring: { prometheus: { receivers: { slack: { webhook: "https://example.org" } } } },
  };
  expect(platformFaults(faulty as unknown as MlopsPlatformArgs)).toEqual([
    { propertyPath: "traking", reason: "traking is not an argument; did you mean tracking?" },
    {
      propertyPath: "tracking.worker",
      reason: "tracking.worker is not an argument; did you mean workers?",
    },
    {
      propertyPath: "tracking.replicas",
      reason: "tracking.replicas must be a whole number from 1 to 20",
    },
    {
      propertyPath: "monitoring.prometheus.receivers.slack.webhook",
      reason:
        "monitoring.prometheus.receivers.slack.webhook is not an argument; did you mean webhookUrl?",
    },
    {
      propertyPath: "monitoring.prometheus.receivers.slack.webhookUrl",
      reason: "monitoring.prometheus.receivers.slack.webhookUrl must be given",
    },
  ]);
});

describePreview(make, "ml", base, (unknown) => ({
  images: { tracking: unknown, predict: unknown, postgres: unknown, backup: unknown },
  models: [{ ...model, image: unknown, alias: unknown, experimentName: unknown }],
  postgres: { storageSize: unknown },
  nodeAddress: unknown,
}));

const s3 = {
  endpoint: "http://s3:7070",
  bucketName: "kept",
  accessKeyId: "a",
  secretAccessKey: "b",
};
const key = JSON.stringify({ type: "service_account" });
const metadataServer = ["169.254.169.254/32:80", "169.254.169.252/32:988"];

test.each<[string, BackupDestination, string[]]>([
  ["an S3 server", { s3 }, ["any:7070"]],
  ["Cloud Storage with a key", { bucket: { bucketName: "kept", credentials: key } }, ["any:443"]],
  [
    "Cloud Storage with a key in a Secret",
    { bucket: { bucketName: "kept", secretName: "mine" } },
    ["any:443"],
  ],
  [
    "Cloud Storage with Workload Identity",
    { bucket: { bucketName: "kept" } },
    ["any:443", ...metadataServer],
  ],
])("backups and restores may call %s", async (_, destination, expected) => {
  const { resources } = await record(() => make("ml", { ...base, backup: { destination } }));
  for (const name of ["backup", "restore"]) {
    const called = resources
      .filter((one) => new RegExp(`^ml-network-${name}-may-call-(anything|169)`).test(one.name))
      .flatMap(({ inputs }) => list(at(inputs, "spec", "egress")))
      .flatMap(({ to, ports }) =>
        list(ports).map(({ port }) => {
          const [peer] = list(to);
          return `${String(at(peer, "ipBlock", "cidr") ?? "any")}:${String(port)}`;
        }),
      );
    expect(called).toEqual(expect.arrayContaining(expected));
  }
});
