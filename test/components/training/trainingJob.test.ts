import { GpuType, TrainingJob, type TrainingJobArgs } from "../../../components/index.ts";
import {
  describeArguments,
  describePreview,
  describeRefusals,
  tree,
  podSettingRows,
} from "../../support/cases.ts";
import { at, list } from "../../support/podSecurity.ts";
import { record } from "../../support/recorder.ts";

const make = (name: string, args: TrainingJobArgs) => new TrainingJob(name, args);
const base: TrainingJobArgs = {
  namespace: "ml",
  image: "registry/serving:1",
  trackingUri: "http://mlflow:5000",
  trackingUsername: "training",
  trackingPassword: "a writer's password",
  experimentName: "diabetes-trials",
  modelName: "diabetes",
};

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

test("trials become one pod each, never more side by side than there are", async () => {
  const { find } = await record(() => make("train", { ...base, trials: 3, parallelism: 8 }));
  expect(at(find("train-job").inputs, "spec")).toMatchObject({
    completionMode: "Indexed",
    completions: 3,
    parallelism: 3,
  });
});

describeArguments(make, "train", base, {
  ...podSettingRows("train-job"),
  namespace: {
    value: "team",
    changes: [
      "train-account metadata.namespace: ml → team",

      "train-job metadata.namespace: ml → team",
      "train-tracking-credentials metadata.namespace: ml → team",
    ],
  },
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
  trackingUri: {
    value: "http://other:5000",
    changes: [
      "train-job spec.template.spec.containers[training].env[MLFLOW_TRACKING_URI].value: http://mlflow:5000 → http://other:5000",
    ],
  },
  trackingUsername: {
    value: "somebody",
    changes: ["train-tracking-credentials stringData.secret.username: training → somebody"],
  },
  trackingPassword: {
    value: "another password",
    changes: [
      "train-tracking-credentials stringData.secret.password: a writer's password → another password",
    ],
  },
  experimentName: {
    value: "wine-trials",
    changes: [
      "train-job spec.template.spec.containers[training].env[EXPERIMENT_NAME].value: diabetes-trials → wine-trials",
    ],
  },
  modelName: {
    value: "wine",
    changes: [
      "train-job spec.template.spec.containers[training].env[MODEL_NAME].value: diabetes → wine",
    ],
  },
  modelAlias: {
    value: "challenger",
    changes: [
      "train-job spec.template.spec.containers[training].env[MODEL_ALIAS].value: champion → challenger",
    ],
  },
  schedule: {
    value: "@daily",
    changes: ["train outputs.jobName: train-job-1a2b3c → train", "- train-job", "+ train-schedule"],
  },
  timeZone: {
    value: "Europe/Vienna",
    with: { schedule: "0 3 * * *" },
    changes: ["train-schedule spec.timeZone: Etc/UTC → Europe/Vienna"],
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
  parallelism: { value: 4, with: { trials: 6 }, changes: ["train-job spec.parallelism: 2 → 4"] },
  environment: {
    value: { EPOCHS: "12" },
    changes: [
      "+ train-environment",
      "train-job options.dependsOn: +train-environment",
      "train-job spec.template.spec.containers[training].env[EPOCHS].name: ∅ → EPOCHS",
      "train-job spec.template.spec.containers[training].env[EPOCHS].valueFrom.secretKeyRef.key: ∅ → EPOCHS",
      "train-job spec.template.spec.containers[training].env[EPOCHS].valueFrom.secretKeyRef.name: ∅ → train-environment-1a2b3c",
    ],
  },
  backoffLimit: { value: 0, changes: ["train-job spec.backoffLimit: 2 → 0"] },
  deadlineSeconds: { value: 600, changes: ["train-job spec.activeDeadlineSeconds: 3600 → 600"] },
  resources: {
    value: { cpuRequest: "1", cpuLimit: "4" },
    changes: [
      "train-job spec.template.spec.containers[training].resources.limits.cpu: 2 → 4",
      "train-job spec.template.spec.containers[training].resources.requests.cpu: 200m → 1",
    ],
  },
  gpu: {
    value: {},
    changes: [
      "train-job spec.podFailurePolicy.rules[0].action: ∅ → Ignore",
      "train-job spec.podFailurePolicy.rules[0].onPodConditions[0].status: ∅ → True",
      "train-job spec.podFailurePolicy.rules[0].onPodConditions[0].type: ∅ → DisruptionTarget",
      "train-job spec.template.spec.containers[training].resources.limits.nvidia.com/gpu: ∅ → 1",
      "train-job spec.template.spec.tolerations[0].effect: ∅ → NoSchedule",
      "train-job spec.template.spec.tolerations[0].key: ∅ → nvidia.com/gpu",
      "train-job spec.template.spec.tolerations[0].operator: ∅ → Exists",
      "train-job spec.template.spec.tolerations[1].effect: ∅ → NoSchedule",
      "train-job spec.template.spec.tolerations[1].key: ∅ → cloud.google.com/gke-spot",
      "train-job spec.template.spec.tolerations[1].operator: ∅ → Exists",
    ],
  },
  serviceAccountName: {
    value: "shared",
    changes: [
      "- train-account",
      "train-job options.dependsOn: -train-account",
      "train-job spec.template.spec.serviceAccountName: train → shared",
    ],
  },
  paused: {
    value: true,
    changes: [
      "train-job metadata.annotations.pulumi.com/skipAwait: ∅ → true",
      "train-job spec.suspend: ∅ → true",
    ],
  },
  labels: {
    value: { team: "blue" },
    changes: [
      "train-account metadata.labels.team: ∅ → blue",
      "train-job metadata.labels.team: ∅ → blue",
      "train-job spec.template.metadata.labels.team: ∅ → blue",
      "train-tracking-credentials metadata.labels.team: ∅ → blue",
    ],
  },
  annotations: {
    value: { note: "hello" },
    changes: [
      "train-account metadata.annotations.note: ∅ → hello",
      "train-job metadata.annotations.note: ∅ → hello",
      "train-job spec.template.metadata.annotations.note: ∅ → hello",
      "train-tracking-credentials metadata.annotations.note: ∅ → hello",
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

test("GPUs of a type and number, beside the CPU and memory that are asked for", async () => {
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
  namespace: unknown,
  image: unknown,
  trackingUri: unknown,
  trackingUsername: unknown,
  trackingPassword: unknown,
  experimentName: unknown,
  modelName: unknown,
  modelAlias: unknown,
  environment: { SEED: unknown },
}));
