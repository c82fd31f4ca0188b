/** A platform called `ml` with artifacts in a bucket that it opens with a key, and everything that follows from it. */
export const keyOutsideOfGoogle = {
  value: '{"type":"service_account"}',
  with: { artifacts: { uri: "gs://bucket/path" } },
  changes: [
    "+ ml-tracking-google-credentials",
    "- ml-network-mlflow-may-call-169.254.169.252-32",
    "- ml-network-mlflow-may-call-169.254.169.254-32",
    "ml-training-diabetes options.dependsOn: +ml-tracking-google-credentials",
    "ml-tracking-server options.dependsOn: +ml-tracking-google-credentials",
    "ml-tracking-server spec.template.spec.containers[mlflow].env[GOOGLE_APPLICATION_CREDENTIALS].name: ∅ → GOOGLE_APPLICATION_CREDENTIALS",
    "ml-tracking-server spec.template.spec.containers[mlflow].env[GOOGLE_APPLICATION_CREDENTIALS].value: ∅ → /etc/google/credentials.json",
    "ml-tracking-server spec.template.spec.containers[mlflow].volumeMounts[google-credentials].mountPath: ∅ → /etc/google",
    "ml-tracking-server spec.template.spec.containers[mlflow].volumeMounts[google-credentials].name: ∅ → google-credentials",
    "ml-tracking-server spec.template.spec.containers[mlflow].volumeMounts[google-credentials].readOnly: ∅ → true",
    "ml-tracking-server spec.template.spec.volumes[google-credentials].name: ∅ → google-credentials",
    "ml-tracking-server spec.template.spec.volumes[google-credentials].secret.defaultMode: ∅ → 288",
    "ml-tracking-server spec.template.spec.volumes[google-credentials].secret.secretName: ∅ → ml-tracking-google-credentials-1a2b3c",
  ],
};

/** A paused platform called `ml`. */
export const everythingPaused = {
  value: true,
  changes: [
    "ml-backup-backup spec.suspend: false → true",
    "ml-database-server spec.replicas: 1 → 0",
    "ml-training-diabetes-job metadata.annotations.pulumi.com/skipAwait: ∅ → true",
    "ml-training-diabetes-job spec.suspend: ∅ → true",
    "ml-prediction-server spec.replicas: 2 → 0",
    "ml-serving-diabetes-server spec.replicas: 1 → 0",
    "ml-tracking-migration metadata.annotations.pulumi.com/skipAwait: ∅ → true",
    "ml-tracking-migration spec.suspend: ∅ → true",
    "ml-tracking-server spec.replicas: 1 → 0",
  ],
};

/** GPUs for the training of a platform called `ml`. */
export const gpusForTraining = {
  value: { gpu: { count: 2 } },
  changes: [
    "ml-training-diabetes-job spec.podFailurePolicy.rules[0].action: ∅ → Ignore",
    "ml-training-diabetes-job spec.podFailurePolicy.rules[0].onPodConditions[0].status: ∅ → True",
    "ml-training-diabetes-job spec.podFailurePolicy.rules[0].onPodConditions[0].type: ∅ → DisruptionTarget",
    "ml-training-diabetes-job spec.template.spec.containers[training].resources.limits.nvidia.com/gpu: ∅ → 2",
    "ml-training-diabetes-job spec.template.spec.tolerations[0].effect: ∅ → NoSchedule",
    "ml-training-diabetes-job spec.template.spec.tolerations[0].key: ∅ → nvidia.com/gpu",
    "ml-training-diabetes-job spec.template.spec.tolerations[0].operator: ∅ → Exists",
    "ml-training-diabetes-job spec.template.spec.tolerations[1].effect: ∅ → NoSchedule",
    "ml-training-diabetes-job spec.template.spec.tolerations[1].key: ∅ → cloud.google.com/gke-spot",
    "ml-training-diabetes-job spec.template.spec.tolerations[1].operator: ∅ → Exists",
  ],
};
