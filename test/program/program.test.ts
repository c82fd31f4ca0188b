import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isSecret, output, type Output } from "@pulumi/pulumi";
import { parse } from "yaml";
import { slugOf } from "../../components/core/slug.ts";
import { objects } from "../support/cases.ts";
import { readText, runProgram } from "../support/program.ts";
import type { Recorded } from "../support/recorder.ts";

const folder = mkdtempSync(join(tmpdir(), "mlops-program-"));
const { KUBECONFIG } = process.env;
// seconds, because whole programs are recorded
let standard: Awaited<ReturnType<typeof runProgram>>;
beforeAll(async () => {
  process.env["KUBECONFIG"] = join(folder, "config");
  const cluster = { server: "https://192.168.49.2:8443" };
  writeFileSync(
    process.env["KUBECONFIG"],
    JSON.stringify({
      "current-context": "minikube",
      contexts: [{ name: "minikube", context: { cluster: "minikube" } }],
      clusters: [{ name: "minikube", cluster }],
    }),
  );
  standard = await runProgram();
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  if (KUBECONFIG === undefined) delete process.env["KUBECONFIG"];
  else process.env["KUBECONFIG"] = KUBECONFIG;
});

const urns = (resources: readonly Recorded[]) => resources.map(({ urn }) => urn).sort();
const names = (resources: readonly Recorded[]) => resources.map(({ name }) => name).sort();
const valueOf = <T>(value: Output<T>) =>
  new Promise<T>((resolve) => void output(value).apply(resolve as never));

/** Settings, and what they add to or take from the default stack. */
const profiles: Record<string, [settings: Parameters<typeof runProgram>[0], string[]]> = {
  default: [{}, []],
  "no node ports": [
    {
      ...{ trackingNodePort: 0, predictionNodePort: 0, grafanaNodePort: 0 },
      models: { "diabetes-progression": { nodePort: 0 } },
    },
    [
      "-mlops-network-anybody-to-grafana",
      "-mlops-network-anybody-to-mlflow",
      "-mlops-network-anybody-to-model-server-diabetes-progression",
      "-mlops-network-anybody-to-prediction-app",
    ],
  ],
  autoscaling: [
    { models: { "diabetes-progression": { autoscaling: { minReplicas: 2, maxReplicas: 5 } } } },
    [
      "+mlops-serving-diabetes-progression-autoscaler",
      "+mlops-serving-diabetes-progression-disruption-budget",
    ],
  ],
  schedule: [
    { models: { "diabetes-progression": { schedule: "0 3 * * *" } } },
    [
      "+mlops-retraining-diabetes-progression",
      "+mlops-retraining-diabetes-progression-schedule",
      "+mlops-retraining-diabetes-progression-tracking-credentials",
    ],
  ],
  "a node exporter nowhere, as on GKE Autopilot": [
    { nodeExporter: false },
    [
      "-mlops-prometheus-node-exporter-namespace",
      "-mlops-prometheus-node-exporter-namespace-owner",
    ],
  ],
  "someone to tell of alerts": [
    { alertReceivers: { slack: { webhookUrl: "https://example.org/hook" } } },
    ["+mlops-network-alertmanager-may-call-anything"],
  ],
  "a model that is not trained": [
    { models: { "diabetes-progression": { train: false } } },
    [
      "-mlops-training-diabetes-progression",
      "-mlops-training-diabetes-progression-account",
      "-mlops-training-diabetes-progression-job",
      "-mlops-training-diabetes-progression-password",
      "-mlops-training-diabetes-progression-tracking-credentials",
    ],
  ],
  "a further model, which has no folder": [
    { models: { "diabetes-progression": {}, "Größe 2": { replicas: 2 } } },
    [
      "+mlops-model-server-gr-e-2-HASH-password",
      "+mlops-serving-gr-e-2-HASH",
      "+mlops-serving-gr-e-2-HASH-account",
      "+mlops-serving-gr-e-2-HASH-disruption-budget",
      "+mlops-serving-gr-e-2-HASH-server",
      "+mlops-serving-gr-e-2-HASH-service",
      "+mlops-serving-gr-e-2-HASH-tracking-credentials",
    ].map((name) => name.replace("gr-e-2-HASH", slugOf("Größe 2"))),
  ],
};

test("the resources of a release keep their URNs: another URN would replace them", () => {
  expect(urns(standard.resources)).toMatchSnapshot();
});

test.each(Object.entries(profiles))("%s", async (_, [settings, differing]) => {
  const { resources } = await runProgram(settings);
  const [usual, these] = [names(standard.resources), names(resources)];
  expect([
    ...these.filter((name) => !usual.includes(name)).map((name) => `+${name}`),
    ...usual.filter((name) => !these.includes(name)).map((name) => `-${name}`),
  ]).toEqual(differing);

  const previewed = await runProgram(settings, { preview: true });
  expect(urns(previewed.resources)).toEqual(urns(resources));
});

test("an upgrade from a single model keeps everything that holds data, and the passwords of people", () => {
  const holders = standard.resources.filter(
    ({ type, name }) =>
      /:(PersistentVolumeClaim|StatefulSet|Namespace)$/.test(type) ||
      /(database|notebook|tracking|grafana)-.*(password|secret-key)$/.test(name) ||
      /notebook-password$/.test(name),
  );
  expect(holders.map(({ urn }) => urn.replace(/^.*mlops-platform::/, "")).sort()).toMatchSnapshot();
});

test("everything goes to the named cluster, never to an ambient default", async () => {
  const { resources, find } = await runProgram({ kubeContext: "minikube" });
  const strays = objects(resources).filter(({ options }) => options.provider !== "cluster");
  expect(strays).toEqual([]);
  expect(objects(resources).length).toBeGreaterThan(20);
  expect(find("cluster").inputs).toMatchObject({
    context: "minikube",
    clusterIdentifier: "minikube",
  });
});

test("gives exactly these outputs, reachable by the node that the kubeconfig names", async () => {
  const {
    notebookEnv,
    mlflowPassword,
    backupPassword,
    mlflowAdminPassword,
    grafanaAdminPassword,
    peoplePasswords,
    ...open
  } = standard.result;
  const values = await Promise.all(
    Object.entries(open).map(async ([key, output]) => [key, await valueOf(output)] as const),
  );
  expect(Object.fromEntries(values)).toEqual({
    mlflowTrackingUri: "http://192.168.49.2:30001",
    mlflowUsername: "notebook",
    models: {
      "diabetes-progression": {
        alias: "champion",
        servingUrl: "http://192.168.49.2:31345",
        pageUrl: "http://192.168.49.2:31344/?model=diabetes-progression",
      },
    },
    modelServingUrl: "http://192.168.49.2:31345",
    predictionAppUrl: "http://192.168.49.2:31344",
    artifactUri: "/mlflow/artifacts",
    databaseHost: "postgres.mlops.svc.cluster.local",
    grafanaUrl: "http://192.168.49.2:31343",
    grafanaAdminUsername: "admin",
    prometheusUrl: "http://prometheus.mlops.svc.cluster.local:9090",
    alertmanagerUrl: "http://alertmanager.mlops.svc.cluster.local:9093",
    monthlyCostUsd: 0,
    clusterName: null,
    clusterLocation: null,
    imageRepositoryUrl: null,
    dnsRecords: null,
    daskSchedulerAddress: null,
  });
  const given = Object.values(open).filter((value) => value !== null);
  for (const value of given) expect(await isSecret(value)).toBe(false);
  const passwords = [
    backupPassword,
    mlflowPassword,
    mlflowAdminPassword,
    grafanaAdminPassword,
    peoplePasswords,
  ];
  for (const output of [notebookEnv, ...passwords]) {
    expect(await isSecret(output!)).toBe(true);
  }
  expect(await valueOf(peoplePasswords!)).toEqual({});
  expect(await valueOf(notebookEnv!)).toEqual({
    MLFLOW_TRACKING_URI: "http://192.168.49.2:30001",
    MLFLOW_TRACKING_USERNAME: "notebook",
    MLFLOW_TRACKING_PASSWORD: await valueOf(mlflowPassword!),
    MLFLOW_ASYNC_LOGGING_BUFFERING_SECONDS: "1",
    EXPERIMENT_NAME: "diabetes-progression",
    MODEL_NAME: "diabetes-progression",
    MODEL_ALIAS: "champion",
    MODEL_SERVING_URL: "http://192.168.49.2:31345",
    PREDICTION_APP_URL: "http://192.168.49.2:31344",
    PROMETHEUS_URL: "http://prometheus.mlops.svc.cluster.local:9090",
  });
  expect(await valueOf(mlflowPassword!)).not.toBe(await valueOf(mlflowAdminPassword!));
});

test("the dev stack previews on a fresh clone: it sets no secret and no unknown key", async () => {
  const stack = parse(readText("Pulumi.dev.yaml")) as { config: Record<string, unknown> };
  expect(Object.keys(stack)).toEqual(["config"]);
  const own = Object.entries(stack.config).filter(([key]) => !key.startsWith("pulumi:"));
  const settings = Object.fromEntries(
    own.map(([key, value]) => [key.replace(/^.*:/, ""), value as string]),
  );
  expect(own.filter(([, value]) => typeof value === "object")).toEqual([]);
  expect(stack.config["pulumi:disable-default-providers"]).toEqual(["kubernetes", "gcp"]);
  const { resources } = await runProgram(settings, { preview: true });
  expect(resources.length).toBeGreaterThan(20);
});
