import type * as pulumi from "@pulumi/pulumi";
import { podSettingRows, trackingSecretRow } from "../../support/cases.ts";

/** The arguments that no training is without. */
export const trainingBase = {
  namespace: "ml",
  image: "registry/serving:1",
  trackingUri: "http://mlflow:5000",
  trackingUsername: "training",
  trackingPassword: "a writer's password",
  experimentName: "diabetes-trials",
  modelName: "diabetes",
};

/** What a preview does not know of a training's arguments before the rest of the program is deployed. */
export const unknownInputs = (unknown: pulumi.Output<string>) => ({
  namespace: unknown,
  image: unknown,
  trackingUri: unknown,
  trackingUsername: unknown,
  trackingPassword: unknown,
  experimentName: unknown,
  modelName: unknown,
  modelAlias: unknown,
  environment: { SEED: unknown },
});

/** What asking for one GPU of any type changes. */
export const gpuChanges = (container: string): string[] => [
  `train-job spec.template.spec.containers[${container}].resources.limits.nvidia.com/gpu: ∅ → 1`,
  "train-job spec.template.spec.tolerations[0].effect: ∅ → NoSchedule",
  "train-job spec.template.spec.tolerations[0].key: ∅ → nvidia.com/gpu",
  "train-job spec.template.spec.tolerations[0].operator: ∅ → Exists",
  "train-job spec.template.spec.tolerations[1].effect: ∅ → NoSchedule",
  "train-job spec.template.spec.tolerations[1].key: ∅ → cloud.google.com/gke-spot",
  "train-job spec.template.spec.tolerations[1].operator: ∅ → Exists",
];

/** Rows for what every training has, whatever runs in its pods; `container` is the last of its containers. */
export function trainingRows(container: string) {
  const inContainer = `train-job spec.template.spec.containers[${container}]`;
  return {
    ...podSettingRows("train-job"),
    namespace: {
      value: "team",
      changes: [
        "train-account metadata.namespace: ml → team",
        "train-job metadata.namespace: ml → team",
        "train-tracking-credentials metadata.namespace: ml → team",
      ],
    },
    trackingUri: {
      value: "http://other:5000",
      changes: [
        `${inContainer}.env[MLFLOW_TRACKING_URI].value: http://mlflow:5000 → http://other:5000`,
      ],
    },
    trackingUsername: {
      value: "someone",
      changes: ["train-tracking-credentials stringData.secret.username: training → someone"],
    },
    trackingPassword: {
      value: "another password",
      changes: [
        "train-tracking-credentials stringData.secret.password: a writer's password → another password",
      ],
    },
    trackingSecretName: trackingSecretRow(
      "train-job",
      "train-tracking-credentials",
      `spec.template.spec.containers[${container}]`,
    ),
    experimentName: {
      value: "wine-trials",
      changes: [`${inContainer}.env[EXPERIMENT_NAME].value: diabetes-trials → wine-trials`],
    },
    modelName: {
      value: "wine",
      changes: [`${inContainer}.env[MODEL_NAME].value: diabetes → wine`],
    },
    modelAlias: {
      value: "challenger",
      changes: [`${inContainer}.env[MODEL_ALIAS].value: champion → challenger`],
    },
    schedule: {
      value: "@daily",
      changes: [
        "train outputs.jobName: train-job-1a2b3c → train",
        "- train-job",
        "+ train-schedule",
      ],
    },
    timeZone: {
      value: "Europe/Vienna",
      with: { schedule: "0 3 * * *" },
      changes: ["train-schedule spec.timeZone: Etc/UTC → Europe/Vienna"],
    },
    environment: {
      value: { EPOCHS: "12" },
      changes: [
        "+ train-environment",
        "train-job options.dependsOn: +train-environment",
        `${inContainer}.env[EPOCHS].name: ∅ → EPOCHS`,
        `${inContainer}.env[EPOCHS].valueFrom.secretKeyRef.key: ∅ → EPOCHS`,
        `${inContainer}.env[EPOCHS].valueFrom.secretKeyRef.name: ∅ → train-environment-1a2b3c`,
      ],
    },
    backoffLimit: { value: 0, changes: ["train-job spec.backoffLimit: 2 → 0"] },
    deadlineSeconds: { value: 600, changes: ["train-job spec.activeDeadlineSeconds: 3600 → 600"] },
    resources: {
      value: { cpuRequest: "1", cpuLimit: "4" },
      changes: [
        `${inContainer}.resources.limits.cpu: 2 → 4`,
        `${inContainer}.resources.requests.cpu: 200m → 1`,
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
  };
}
