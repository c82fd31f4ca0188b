import {
  GpuType,
  type TrainingCluster,
  TrainingJob,
  type TrainingJobArgs,
} from "../../../components/index.ts";
import { describeArguments, describePreview, describeRefusals, tree } from "../../support/cases.ts";
import { at, list } from "../../support/podSecurity.ts";
import { record } from "../../support/recorder.ts";
import { gpuChanges, trainingBase, trainingRows, unknownInputs } from "./trainingRows.ts";

const make = (name: string, args: TrainingJobArgs) => new TrainingJob(name, args);
const base: TrainingJobArgs = trainingBase;

test("makes credentials and a Job that runs once", async () => {
  const { resources, find } = await record(() => make("train", base));
  expect(tree(resources)).toEqual([
    "kubernetes:batch/v1:Job train-job < train",
    "kubernetes:core/v1:Secret train-tracking-credentials < train",
    "kubernetes:core/v1:ServiceAccount train-account < train",
    "mlops:index:TrainingJob train",
  ]);
  expect(at(find("train-job").inputs, "spec")).not.toHaveProperty("completions");
});

test("with a schedule makes a CronJob that never overlaps itself", async () => {
  const { resources, find } = await record(() => make("train", { ...base, schedule: "0 3 * * *" }));
  expect(tree(resources)).toEqual([
    "kubernetes:batch/v1:CronJob train-schedule < train",
    "kubernetes:core/v1:Secret train-tracking-credentials < train",
    "kubernetes:core/v1:ServiceAccount train-account < train",
    "mlops:index:TrainingJob train",
  ]);
  expect(at(find("train-schedule").inputs, "spec")).toMatchObject({
    schedule: "0 3 * * *",
    timeZone: "Etc/UTC",
    concurrencyPolicy: "Forbid",
    startingDeadlineSeconds: 3600,
  });
});

test("trials become one pod each, never more in parallel than there are", async () => {
  const { find } = await record(() => make("train", { ...base, trials: 3, parallelism: 8 }));
  expect(at(find("train-job").inputs, "spec")).toMatchObject({
    completionMode: "Indexed",
    completions: 3,
    parallelism: 3,
  });
});

test("a cluster is the pods of one Indexed Job, which ends with its first pod", async () => {
  const args = { ...base, cluster: { workers: 4, threads: 2 }, backoffLimit: 5 };
  const { resources, find } = await record(() => make("train", args));
  expect(tree(resources)).toEqual([
    "kubernetes:batch/v1:Job train-job < train",
    "kubernetes:core/v1:Secret train-cluster-secret < train",
    "kubernetes:core/v1:Secret train-tracking-credentials < train",
    "kubernetes:core/v1:Service train-cluster < train",
    "kubernetes:core/v1:ServiceAccount train-account < train",
    "mlops:index:TrainingJob train",
    "random:index/randomPassword:RandomPassword train-cluster-password < train",
  ]);
  const spec = at(find("train-job").inputs, "spec");
  expect(spec).toMatchObject({
    completionMode: "Indexed",
    completions: 5,
    parallelism: 5,
    successPolicy: { rules: [{ succeededIndexes: "0" }] },
    backoffLimitPerIndex: 5,
    maxFailedIndexes: 0,
    template: { spec: { restartPolicy: "Never", subdomain: "train" } },
  });
  expect(at(spec, "backoffLimit")).toBeUndefined();
  const service = at(find("train-cluster").inputs, "spec");
  expect(service).toMatchObject({ clusterIP: "None", publishNotReadyAddresses: true });
  expect(at(spec, "template", "metadata", "labels")).toMatchObject(at(service, "selector")!);
  const [container] = list(at(spec, "template", "spec", "containers"));
  expect(container!["command"]).toEqual(["python", "-m", "dask_cluster", ...training]);
  const env = list(container!["env"]);
  const names = env.map(({ name }) => name);
  expect(names.indexOf("JOB_NAME")).toBeLessThan(names.indexOf("CLUSTER_SCHEDULER"));
  expect(env).toContainEqual({ name: "CLUSTER_SCHEDULER", value: "$(JOB_NAME)-0.train:8786" });
  expect(env).toContainEqual({ name: "CLUSTER_WORKERS", value: "4" });
  expect(env).toContainEqual({ name: "CLUSTER_THREADS", value: "2" });
  expect(env).toContainEqual({ name: "CLUSTER_METRICS_PORT", value: "9464" });
  expect(container!["ports"]).toEqual([{ name: "metrics", containerPort: 9464 }]);
});

test("the secret of a cluster's certificates is in no plan and in no variable in the clear", async () => {
  const { find } = await record(() => make("train", { ...base, cluster: { workers: 1 } }));
  const spec = at(find("train-job").inputs, "spec", "template", "spec");
  const [container] = list(at(spec, "containers"));
  expect(container!["env"]).toContainEqual({
    name: "CLUSTER_SECRET",
    valueFrom: { secretKeyRef: { name: "train-cluster-secret-1a2b3c", key: "secret" } },
  });
});

const training = ["python", "-m", "training"];

describeArguments(make, "train", base, {
  ...trainingRows("training"),
  image: {
    value: "registry/serving:2",
    changes: [
      "train-job spec.template.spec.containers[training].image: registry/serving:1 → registry/serving:2",
    ],
  },
  command: {
    value: ["python", "mine.py"],
    changes: [
      "train-job spec.template.spec.containers[training].command[1]: -m → mine.py",
      "train-job spec.template.spec.containers[training].command[2]: training → ∅",
    ],
  },
  trials: {
    value: 6,
    changes: [
      "train-job spec.completionMode: ∅ → Indexed",
      "train-job spec.completions: ∅ → 6",
      "train-job spec.parallelism: ∅ → 2",
      "train-job spec.template.spec.containers[training].env[TRAINING_TRIALS].name: ∅ → TRAINING_TRIALS",
      "train-job spec.template.spec.containers[training].env[TRAINING_TRIALS].value: ∅ → 6",
    ],
  },
  nodes: {
    value: 3,
    with: { command: ["torchrun", "train.py"] },
    changes: [
      "+ train-nodes",
      "train-job options.dependsOn: +train-nodes",
      "train-job spec.podFailurePolicy.rules[0].action: ∅ → Ignore",
      "train-job spec.podFailurePolicy.rules[0].onPodConditions[0].status: ∅ → True",
      "train-job spec.podFailurePolicy.rules[0].onPodConditions[0].type: ∅ → DisruptionTarget",
      "train-job spec.backoffLimit: 2 → 6",
      "train-job spec.completionMode: ∅ → Indexed",
      "train-job spec.completions: ∅ → 3",
      "train-job spec.parallelism: ∅ → 3",
      "train-job spec.template.spec.subdomain: ∅ → train",
      ...[
        "[JOB_NAME].name: ∅ → JOB_NAME",
        "[JOB_NAME].valueFrom.fieldRef.fieldPath: ∅ → metadata.labels['batch.kubernetes.io/job-name']",
        "[RANK].name: ∅ → RANK",
        "[RANK].valueFrom.fieldRef.fieldPath: ∅ → metadata.annotations['batch.kubernetes.io/job-completion-index']",
        "[WORLD_SIZE].name: ∅ → WORLD_SIZE",
        "[WORLD_SIZE].value: ∅ → 3",
        "[MASTER_ADDR].name: ∅ → MASTER_ADDR",
        "[MASTER_ADDR].value: ∅ → $(JOB_NAME)-0.train",
        "[MASTER_PORT].name: ∅ → MASTER_PORT",
        "[MASTER_PORT].value: ∅ → 29500",
      ].map((line) => `train-job spec.template.spec.containers[training].env${line}`),
    ],
  },
  parallelism: { value: 4, with: { trials: 6 }, changes: ["train-job spec.parallelism: 2 → 4"] },
  cluster: {
    value: { workers: 2, threads: 4 },
    with: { cluster: { workers: 1 } },
    changes: [
      "train-job spec.completions: 2 → 3",
      "train-job spec.parallelism: 2 → 3",
      "train-job spec.template.spec.containers[training].env[CLUSTER_THREADS].value: 1 → 4",
      "train-job spec.template.spec.containers[training].env[CLUSTER_WORKERS].value: 1 → 2",
    ],
  },
  gpu: {
    value: {},
    changes: [
      "train-job spec.podFailurePolicy.rules[0].action: ∅ → Ignore",
      "train-job spec.podFailurePolicy.rules[0].onPodConditions[0].status: ∅ → True",
      "train-job spec.podFailurePolicy.rules[0].onPodConditions[0].type: ∅ → DisruptionTarget",
      ...gpuChanges("training"),
    ],
  },
});

test("labels and annotations reach the Jobs of a schedule", async () => {
  const metadata = { labels: { team: "blue" }, annotations: { note: "hello" } };
  const { find } = await record(() => make("train", { ...base, ...metadata, schedule: "@daily" }));
  const template = at(find("train-schedule").inputs, "spec", "jobTemplate");
  expect(at(template, "metadata")).toMatchObject(metadata);
  expect(at(template, "spec", "template", "metadata")).toMatchObject(metadata);
});

test("GPUs of a type and number, next to the CPU and memory that are asked for", async () => {
  const gpu = { type: GpuType.L4, count: 2 };
  const resources = { memoryLimit: "16Gi" };
  const { find } = await record(() => make("train", { ...base, gpu, resources }));
  const spec = at(find("train-job").inputs, "spec", "template", "spec");
  expect(at(spec, "nodeSelector")).toEqual({ "cloud.google.com/gke-accelerator": "nvidia-l4" });
  const [container] = list(at(spec, "containers"));
  expect(container!["resources"]).toEqual({
    requests: { cpu: "200m", memory: "384Mi", "ephemeral-storage": "2Gi" },
    limits: { cpu: "2", memory: "16Gi", "nvidia.com/gpu": "2" },
  });
});

const subject = 'TrainingJob "train"';
describeRefusals(make, "train", base, [
  [{ trials: 0 }, `${subject}: trials must be a whole number from 1 to 1000`],
  [{ nodes: 1, command: ["torchrun"] }, `${subject}: nodes must be a whole number from 2 to 100`],
  [{ nodes: 2 }, `${subject}: nodes needs command, such as torchrun; add it`],
  [
    { nodes: 2, trials: 3, command: ["torchrun"] },
    `${subject}: nodes and trials exclude each other; leave one of them out`,
  ],
  [
    { nodes: 2, cluster: { workers: 2 }, command: ["torchrun"] },
    `${subject}: nodes and cluster exclude each other; leave one of them out`,
  ],
  [
    { cluster: { workers: 2 }, trials: 3 },
    `${subject}: cluster and trials exclude each other; leave one of them out`,
  ],
  [
    { cluster: { workers: 100 } },
    `${subject}: cluster.workers must be a whole number from 1 to 99`,
  ],
  [{ cluster: { threads: 1 } as TrainingCluster }, `${subject}: cluster.workers must be given`],
  [{ parallelism: 0 }, `${subject}: parallelism must be a whole number from 1 to 1000`],
  [{ backoffLimit: -1 }, `${subject}: backoffLimit must be a whole number from 0 to 20`],
  [{ deadlineSeconds: 5 }, `${subject}: deadlineSeconds must be a whole number from 60 to 604800`],
  [
    { schedule: "daily" },
    `${subject}: schedule must be five cron fields such as \`0 3 * * *\`, or a word such as @daily`,
  ],
  [{ gpu: { count: 0 } }, `${subject}: gpu.count must be a whole number from 1 to 8`],
  [{ gpu: { count: 1.5 } }, `${subject}: gpu.count must be a whole number from 1 to 8`],
  [
    { gpu: { type: "nvidia-t4" as GpuType } },
    `${subject}: gpu.type must be one of nvidia-l4, nvidia-tesla-t4, not "nvidia-t4"; the nearest is nvidia-l4`,
  ],
]);

const seeded: TrainingJobArgs = { ...base, environment: { SEED: "1" } };

describePreview(make, "train", seeded, (unknown) => ({
  ...unknownInputs(unknown),
}));
