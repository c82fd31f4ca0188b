import { DaskCluster, type DaskClusterArgs } from "../../../components/index.ts";
import {
  describeArguments,
  describePreview,
  describeRefusals,
  everywhere,
  podSettingRows,
  tree,
  trackingSecretRow,
} from "../../support/cases.ts";
import { at, list } from "../../support/podSecurity.ts";
import { record } from "../../support/recorder.ts";

const make = (name: string, args: DaskClusterArgs) => new DaskCluster(name, args);
const base: DaskClusterArgs = {
  namespace: "ml",
  image: "registry/serving:1",
  trackingUri: "http://mlflow:5000",
  trackingUsername: "dask",
  trackingPassword: "a writer's password",
};

test("makes a scheduler with a Service, and workers, with one identity and one secret", async () => {
  const { resources } = await record(() => make("dask", base));
  expect(tree(resources)).toEqual([
    "kubernetes:apps/v1:Deployment dask-scheduler < dask",
    "kubernetes:apps/v1:Deployment dask-worker < dask",
    "kubernetes:core/v1:Secret dask-secret < dask",
    "kubernetes:core/v1:Secret dask-tracking-credentials < dask",
    "kubernetes:core/v1:Service dask-service < dask",
    "kubernetes:core/v1:ServiceAccount dask-account < dask",
    "mlops:index:DaskCluster dask",
    "random:index/randomPassword:RandomPassword dask-password < dask",
  ]);
});

test("the Service selects only the scheduler, and only the workers have MLflow's login", async () => {
  const { find } = await record(() => make("dask", base));
  const pod = (role: string) => at(find(`dask-${role}`).inputs, "spec", "template");
  const selector = at(find("dask-service").inputs, "spec", "selector");
  expect(at(pod("scheduler"), "metadata", "labels")).toMatchObject(selector!);
  expect(at(pod("worker"), "metadata", "labels")).not.toMatchObject(selector!);
  const names = (role: string) => {
    const [container] = list(at(pod(role), "spec", "containers"));
    return list(container!["env"]).map(({ name }) => name);
  };
  expect(names("scheduler")).toEqual(["CLUSTER_SECRET"]);
  expect(names("worker")).toEqual([
    "MLFLOW_TRACKING_URI",
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
    "CLUSTER_SECRET",
  ]);
});

test("what a notebook connects with is a secret, and in no command or variable as plaintext", async () => {
  const { resources, find } = await record(() => make("dask", base));
  const password = "MARKER-dask-password";
  const holders = resources.filter(({ inputs }) => JSON.stringify(inputs).includes(password));
  expect(holders.map(({ name }) => name)).toEqual(["dask-secret"]);
  expect(JSON.stringify(find("dask-secret").inputs)).toContain(password);
});

const scheduler = "dask-scheduler spec.template.spec.containers[scheduler]";
const worker = "dask-worker spec.template.spec.containers[worker]";
describeArguments(make, "dask", base, {
  ...podSettingRows("dask-scheduler", "dask-worker"),
  namespace: {
    value: "team",
    changes: [
      "dask outputs.notebookEnv.secret.DASK_SCHEDULER_ADDRESS: tls://dask.ml.svc.cluster.local:8786 → tls://dask.team.svc.cluster.local:8786",
      "dask outputs.schedulerAddress: tls://dask.ml.svc.cluster.local:8786 → tls://dask.team.svc.cluster.local:8786",
      "dask-account metadata.namespace: ml → team",
      "dask-scheduler metadata.namespace: ml → team",
      "dask-secret metadata.namespace: ml → team",
      "dask-service metadata.namespace: ml → team",
      "dask-tracking-credentials metadata.namespace: ml → team",
      "dask-worker metadata.namespace: ml → team",
      "dask-worker spec.template.spec.containers[worker].args[0]: tls://dask.ml.svc.cluster.local:8786 → tls://dask.team.svc.cluster.local:8786",
    ],
  },
  serviceName: {
    value: "shared",
    changes: [
      "dask outputs.notebookEnv.secret.DASK_SCHEDULER_ADDRESS: tls://dask.ml.svc.cluster.local:8786 → tls://shared.ml.svc.cluster.local:8786",
      "dask outputs.schedulerAddress: tls://dask.ml.svc.cluster.local:8786 → tls://shared.ml.svc.cluster.local:8786",
      "dask-account metadata.labels.app.kubernetes.io/instance: dask → shared",
      "dask-account metadata.name: dask → shared",
      "dask-scheduler metadata.labels.app.kubernetes.io/instance: dask → shared",
      "dask-scheduler metadata.name: dask → shared",
      "dask-scheduler spec.selector.matchLabels.app.kubernetes.io/instance: dask → shared",
      "dask-scheduler spec.template.metadata.labels.app.kubernetes.io/instance: dask → shared",
      "dask-scheduler spec.template.spec.serviceAccountName: dask → shared",
      "dask-scheduler spec.template.spec.topologySpreadConstraints[0].labelSelector.matchLabels.app.kubernetes.io/instance: dask → shared",
      "dask-secret metadata.labels.app.kubernetes.io/instance: dask → shared",
      "dask-service metadata.labels.app.kubernetes.io/instance: dask → shared",
      "dask-service metadata.name: dask → shared",
      "dask-service spec.selector.app.kubernetes.io/instance: dask → shared",
      "dask-tracking-credentials metadata.labels.app.kubernetes.io/instance: dask → shared",
      "dask-worker metadata.labels.app.kubernetes.io/instance: dask → shared",
      "dask-worker metadata.name: dask-workers → shared-workers",
      "dask-worker spec.selector.matchLabels.app.kubernetes.io/instance: dask → shared",
      "dask-worker spec.template.metadata.labels.app.kubernetes.io/instance: dask → shared",
      "dask-worker spec.template.spec.containers[worker].args[0]: tls://dask.ml.svc.cluster.local:8786 → tls://shared.ml.svc.cluster.local:8786",
      "dask-worker spec.template.spec.serviceAccountName: dask → shared",
      "dask-worker spec.template.spec.topologySpreadConstraints[0].labelSelector.matchLabels.app.kubernetes.io/instance: dask → shared",
    ],
  },
  image: {
    value: "registry/serving:2",
    changes: [scheduler, worker].map(
      (container) => `${container}.image: registry/serving:1 → registry/serving:2`,
    ),
  },
  workers: { value: 5, changes: ["dask-worker spec.replicas: 2 → 5"] },
  threads: { value: 4, changes: [`${worker}.args[4]: 1 → 4`] },
  workerResources: {
    value: { cpuLimit: "8" },
    changes: [`${worker}.resources.limits.cpu: 2 → 8`],
  },
  schedulerResources: {
    value: { memoryLimit: "4Gi" },
    changes: [`${scheduler}.resources.limits.memory: 1Gi → 4Gi`],
  },
  storageSize: {
    value: "20Gi",
    changes: [
      `${worker}.resources.requests.ephemeral-storage: 2Gi → 20Gi`,
      "dask-worker spec.template.spec.volumes[tmp].emptyDir.sizeLimit: 2Gi → 20Gi",
    ],
  },
  environment: {
    value: { SEED: "12" },
    changes: [
      "+ dask-environment",
      "dask-worker options.dependsOn: +dask-environment",
      "dask-worker spec.template.spec.containers[worker].env[SEED].name: ∅ → SEED",
      "dask-worker spec.template.spec.containers[worker].env[SEED].valueFrom.secretKeyRef.key: ∅ → SEED",
      "dask-worker spec.template.spec.containers[worker].env[SEED].valueFrom.secretKeyRef.name: ∅ → dask-environment-1a2b3c",
    ],
  },
  paused: {
    value: true,
    changes: ["dask-scheduler spec.replicas: 1 → 0", "dask-worker spec.replicas: 2 → 0"],
  },
  labels: { value: { team: "blue" }, changes: everywhere("labels.team: ∅ → blue") },
  annotations: { value: { note: "hello" }, changes: everywhere("annotations.note: ∅ → hello") },
  trackingUri: {
    value: "http://other:5000",
    changes: [`${worker}.env[MLFLOW_TRACKING_URI].value: http://mlflow:5000 → http://other:5000`],
  },
  trackingUsername: {
    value: "other",
    changes: ["dask-tracking-credentials stringData.secret.username: dask → other"],
  },
  trackingSecretName: trackingSecretRow(
    "dask-worker",
    "dask-tracking-credentials",
    "spec.template.spec.containers[worker]",
  ),
  trackingPassword: {
    value: "another password",
    changes: [
      "dask-tracking-credentials stringData.secret.password: a writer's password → another password",
    ],
  },
});

const subject = 'DaskCluster "dask"';
describeRefusals(make, "dask", base, [
  [{ workers: 0 }, `${subject}: workers must be a whole number from 1 to 99`],
  [{ threads: 65 }, `${subject}: threads must be a whole number from 1 to 64`],
  [
    { workerResources: { memoryLimit: "much" } },
    `${subject}: workerResources.memoryLimit must be a quantity of bytes such as 512Mi`,
  ],
]);

describePreview(make, "dask", base, (unknown) => ({
  namespace: unknown,
  image: unknown,
  trackingUri: unknown,
  trackingUsername: unknown,
  trackingPassword: unknown,
}));
