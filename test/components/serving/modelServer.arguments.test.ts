import { describeArguments, podSettingRows, trackingSecretRow } from "../../support/cases.ts";
import { makeServing as make, servingArgs as base } from "../../support/fixtures.ts";

describeArguments(make, "serving", base, {
  ...podSettingRows("serving-server"),
  namespace: {
    value: "team",
    changes: [
      "serving-account metadata.namespace: ml → team",

      "serving outputs.externalUrl: http://serving.ml.svc.cluster.local:8080 → http://serving.team.svc.cluster.local:8080",
      "serving outputs.internalUrl: http://serving.ml.svc.cluster.local:8080 → http://serving.team.svc.cluster.local:8080",
      "serving-server metadata.namespace: ml → team",
      "serving-service metadata.namespace: ml → team",
      "serving-tracking-credentials metadata.namespace: ml → team",
    ],
  },
  serviceName: {
    value: "models",
    changes: [
      "serving-account metadata.labels.app.kubernetes.io/instance: serving → models",
      "serving-account metadata.name: serving → models",
      "serving-server spec.template.spec.serviceAccountName: serving → models",

      "serving outputs.externalUrl: http://serving.ml.svc.cluster.local:8080 → http://models.ml.svc.cluster.local:8080",
      "serving outputs.internalUrl: http://serving.ml.svc.cluster.local:8080 → http://models.ml.svc.cluster.local:8080",
      "serving-server metadata.labels.app.kubernetes.io/instance: serving → models",
      "serving-server metadata.name: serving → models",
      "serving-server spec.selector.matchLabels.app.kubernetes.io/instance: serving → models",
      "serving-server spec.template.metadata.labels.app.kubernetes.io/instance: serving → models",
      "serving-server spec.template.spec.topologySpreadConstraints[0].labelSelector.matchLabels.app.kubernetes.io/instance: serving → models",
      "serving-service metadata.labels.app.kubernetes.io/instance: serving → models",
      "serving-service metadata.name: serving → models",
      "serving-service spec.selector.app.kubernetes.io/instance: serving → models",
      "serving-tracking-credentials metadata.labels.app.kubernetes.io/instance: serving → models",
    ],
  },
  image: {
    value: "registry/serving:2",
    changes: [
      "serving-server spec.template.spec.containers[model-server].image: registry/serving:1 → registry/serving:2",
    ],
  },
  trackingUri: {
    value: "http://other:5000",
    changes: [
      "serving-server spec.template.spec.containers[model-server].env[MLFLOW_TRACKING_URI].value: http://mlflow:5000 → http://other:5000",
    ],
  },
  trackingUsername: {
    value: "someone",
    changes: ["serving-tracking-credentials stringData.secret.username: model-server → someone"],
  },
  trackingPassword: {
    value: "another password",
    changes: [
      "serving-tracking-credentials stringData.secret.password: a reader's password → another password",
    ],
  },
  trackingSecretName: trackingSecretRow(
    "serving-server",
    "serving-tracking-credentials",
    "spec.template.spec.containers[model-server]",
  ),
  modelName: {
    value: "wine",
    changes: [
      "serving-server spec.template.spec.containers[model-server].env[MODEL_NAME].value: diabetes → wine",
    ],
  },
  modelAlias: {
    value: "challenger",
    changes: [
      "serving-server spec.template.spec.containers[model-server].env[MODEL_ALIAS].value: champion → challenger",
    ],
  },
  pollSeconds: {
    value: 60,
    changes: [
      "serving-server spec.template.spec.containers[model-server].env[MODEL_POLL_SECONDS].value: 5 → 60",
    ],
  },
  maxRequestBytes: {
    value: 2048,
    changes: [
      "serving-server spec.template.spec.containers[model-server].env[MAX_REQUEST_BYTES].value: 10485760 → 2048",
    ],
  },
  predictionTimeoutSeconds: {
    value: 90,
    changes: [
      "serving-server spec.template.spec.containers[model-server].env[PREDICTION_TIMEOUT_SECONDS].value: 60 → 90",
    ],
  },
  allowPickle: {
    value: true,
    changes: [
      "serving-server spec.template.spec.containers[model-server].env[MODEL_ALLOW_PICKLE].value: false → true",
    ],
  },
  loadTimeoutSeconds: {
    value: 600,
    changes: [
      "serving-server spec.template.spec.containers[model-server].env[LOAD_TIMEOUT_SECONDS].value: 300 → 600",
    ],
  },
  driftWindowSeconds: {
    value: 86400,
    changes: [
      "serving-server spec.template.spec.containers[model-server].env[DRIFT_WINDOW_SECONDS].value: 3600 → 86400",
    ],
  },
  replicas: {
    value: 3,
    changes: ["+ serving-disruption-budget", "serving-server spec.replicas: 1 → 3"],
  },
  autoscaling: {
    value: { maxReplicas: 4 },
    changes: ["+ serving-autoscaler", "serving-server spec.replicas: 1 → ∅"],
  },
  nodePort: {
    value: 31345,
    changes: [
      "serving outputs.externalUrl: http://serving.ml.svc.cluster.local:8080 → http://localhost:31345",
      "serving-service spec.ports[http].nodePort: ∅ → 31345",
      "serving-service spec.type: ClusterIP → NodePort",
    ],
  },
  nodeAddress: {
    value: "192.168.49.2",
    with: { nodePort: 31345 },
    changes: ["serving outputs.externalUrl: http://localhost:31345 → http://192.168.49.2:31345"],
  },
  resources: {
    value: { cpuRequest: "1", cpuLimit: "4" },
    changes: [
      "serving-server spec.template.spec.containers[model-server].resources.limits.cpu: 2 → 4",
      "serving-server spec.template.spec.containers[model-server].resources.requests.cpu: 100m → 1",
    ],
  },
  paused: { value: true, changes: ["serving-server spec.replicas: 1 → 0"] },
  labels: {
    value: { team: "blue" },
    changes: [
      "serving-account metadata.labels.team: ∅ → blue",
      "serving-server metadata.labels.team: ∅ → blue",
      "serving-server spec.template.metadata.labels.team: ∅ → blue",
      "serving-service metadata.labels.team: ∅ → blue",
      "serving-tracking-credentials metadata.labels.team: ∅ → blue",
    ],
  },
  annotations: {
    value: { note: "hello" },
    changes: [
      "serving-account metadata.annotations.note: ∅ → hello",
      "serving-server metadata.annotations.note: ∅ → hello",
      "serving-server spec.template.metadata.annotations.note: ∅ → hello",
      "serving-service metadata.annotations.note: ∅ → hello",
      "serving-tracking-credentials metadata.annotations.note: ∅ → hello",
    ],
  },
});
