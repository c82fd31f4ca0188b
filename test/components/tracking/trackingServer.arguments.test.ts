import { PersonRole, TrackingPermission } from "../../../components/index.ts";
import { describeArguments, podSettingRows } from "../../support/cases.ts";
import { databaseOfMine, makeTracking, trackingArgs } from "../../support/fixtures.ts";

const reader = {
  username: "reader",
  password: "long enough to read",
  permission: TrackingPermission.Read,
};

/** What changes where the caller gives a variable: it comes from a Secret, in place of ours. */
const fromSecret = (variable: string, was: string) => {
  const path = `mlflow-server spec.template.spec.containers[mlflow].env[${variable}]`;
  return [
    was === "∅" ? `${path}.name: ∅ → ${variable}` : `${path}.value: ${was} → ∅`,
    `${path}.valueFrom.secretKeyRef.key: ∅ → ${variable}`,
    `${path}.valueFrom.secretKeyRef.name: ∅ → mlflow-environment-1a2b3c`,
  ];
};

describeArguments(makeTracking, "mlflow", trackingArgs, {
  ...podSettingRows("mlflow-migration", "mlflow-server"),
  namespace: {
    value: "team",
    changes: [
      "mlflow-account metadata.namespace: ml → team",

      "mlflow outputs.externalUrl: http://mlflow.ml.svc.cluster.local:5000 → http://mlflow.team.svc.cluster.local:5000",
      "mlflow outputs.internalUrl: http://mlflow.ml.svc.cluster.local:5000 → http://mlflow.team.svc.cluster.local:5000",
      "mlflow-migration metadata.namespace: ml → team",
      "mlflow-migration-settings metadata.namespace: ml → team",
      "mlflow-server metadata.namespace: ml → team",
      "mlflow-server spec.template.spec.containers[mlflow].env[MLFLOW_SERVER_ALLOWED_HOSTS].value: -mlflow.ml -mlflow.ml:* -mlflow.ml.svc -mlflow.ml.svc:* -mlflow.ml.svc.cluster.local -mlflow.ml.svc.cluster.local:* +mlflow.team +mlflow.team:* +mlflow.team.svc +mlflow.team.svc:* +mlflow.team.svc.cluster.local +mlflow.team.svc.cluster.local:*",
      "mlflow-server spec.template.spec.containers[mlflow].env[MLFLOW_SERVER_CORS_ALLOWED_ORIGINS].value: -http://mlflow.ml -http://mlflow.ml:* -https://mlflow.ml -https://mlflow.ml:* -http://mlflow.ml.svc -http://mlflow.ml.svc:* -https://mlflow.ml.svc -https://mlflow.ml.svc:* -http://mlflow.ml.svc.cluster.local -http://mlflow.ml.svc.cluster.local:* -https://mlflow.ml.svc.cluster.local -https://mlflow.ml.svc.cluster.local:* +http://mlflow.team +http://mlflow.team:* +https://mlflow.team +https://mlflow.team:* +http://mlflow.team.svc +http://mlflow.team.svc:* +https://mlflow.team.svc +https://mlflow.team.svc:* +http://mlflow.team.svc.cluster.local +http://mlflow.team.svc.cluster.local:* +https://mlflow.team.svc.cluster.local +https://mlflow.team.svc.cluster.local:*",
      "mlflow-service metadata.namespace: ml → team",
      "mlflow-settings metadata.namespace: ml → team",
    ],
  },
  serviceName: {
    value: "tracking",
    changes: [
      "mlflow outputs.deploymentName: mlflow-3-18-0 → tracking-3-18-0",
      "mlflow-account metadata.labels.app.kubernetes.io/instance: mlflow → tracking",
      "mlflow-account metadata.name: mlflow → tracking",
      "mlflow-migration spec.template.spec.serviceAccountName: mlflow → tracking",
      "mlflow-server spec.template.spec.serviceAccountName: mlflow → tracking",

      "mlflow outputs.externalUrl: http://mlflow.ml.svc.cluster.local:5000 → http://tracking.ml.svc.cluster.local:5000",
      "mlflow outputs.internalUrl: http://mlflow.ml.svc.cluster.local:5000 → http://tracking.ml.svc.cluster.local:5000",
      "mlflow-migration metadata.labels.app.kubernetes.io/instance: mlflow → tracking",
      "mlflow-migration spec.template.metadata.labels.app.kubernetes.io/instance: mlflow → tracking",
      "mlflow-migration-settings metadata.labels.app.kubernetes.io/instance: mlflow → tracking",
      "mlflow-server metadata.labels.app.kubernetes.io/instance: mlflow → tracking",
      "mlflow-server metadata.name: mlflow-3-18-0 → tracking-3-18-0",
      "mlflow-server spec.selector.matchLabels.app.kubernetes.io/instance: mlflow → tracking",
      "mlflow-server spec.template.metadata.labels.app.kubernetes.io/instance: mlflow → tracking",
      "mlflow-server spec.template.spec.containers[mlflow].env[MLFLOW_SERVER_ALLOWED_HOSTS].value: -mlflow -mlflow:* -mlflow.ml -mlflow.ml:* -mlflow.ml.svc -mlflow.ml.svc:* -mlflow.ml.svc.cluster.local -mlflow.ml.svc.cluster.local:* +tracking +tracking:* +tracking.ml +tracking.ml:* +tracking.ml.svc +tracking.ml.svc:* +tracking.ml.svc.cluster.local +tracking.ml.svc.cluster.local:*",
      "mlflow-server spec.template.spec.containers[mlflow].env[MLFLOW_SERVER_CORS_ALLOWED_ORIGINS].value: -http://mlflow -http://mlflow:* -https://mlflow -https://mlflow:* -http://mlflow.ml -http://mlflow.ml:* -https://mlflow.ml -https://mlflow.ml:* -http://mlflow.ml.svc -http://mlflow.ml.svc:* -https://mlflow.ml.svc -https://mlflow.ml.svc:* -http://mlflow.ml.svc.cluster.local -http://mlflow.ml.svc.cluster.local:* -https://mlflow.ml.svc.cluster.local -https://mlflow.ml.svc.cluster.local:* +http://tracking +http://tracking:* +https://tracking +https://tracking:* +http://tracking.ml +http://tracking.ml:* +https://tracking.ml +https://tracking.ml:* +http://tracking.ml.svc +http://tracking.ml.svc:* +https://tracking.ml.svc +https://tracking.ml.svc:* +http://tracking.ml.svc.cluster.local +http://tracking.ml.svc.cluster.local:* +https://tracking.ml.svc.cluster.local +https://tracking.ml.svc.cluster.local:*",
      "mlflow-server spec.template.spec.topologySpreadConstraints[0].labelSelector.matchLabels.app.kubernetes.io/instance: mlflow → tracking",
      "mlflow-service metadata.labels.app.kubernetes.io/instance: mlflow → tracking",
      "mlflow-service metadata.name: mlflow → tracking",
      "mlflow-service spec.selector.app.kubernetes.io/instance: mlflow → tracking",
      "mlflow-settings metadata.labels.app.kubernetes.io/instance: mlflow → tracking",
    ],
  },
  image: {
    value: "registry/tracking:2",
    changes: [
      "mlflow-migration spec.template.spec.containers[migrate].image: registry/tracking:1 → registry/tracking:2",
      "mlflow-server spec.template.spec.containers[database-metrics].image: registry/tracking:1 → registry/tracking:2",
      "mlflow-server spec.template.spec.containers[metrics].image: registry/tracking:1 → registry/tracking:2",
      "mlflow-server spec.template.spec.containers[mlflow].image: registry/tracking:1 → registry/tracking:2",
    ],
  },
  mlflowVersion: {
    value: "3.19.0",
    changes: [
      "mlflow outputs.deploymentName: mlflow-3-18-0 → mlflow-3-19-0",
      "mlflow-server metadata.name: mlflow-3-18-0 → mlflow-3-19-0",
    ],
  },
  database: {
    value: { ...databaseOfMine, host: "elsewhere" },
    changes: [
      "mlflow-migration-settings stringData.secret.auth-uri: postgresql+psycopg2://owner:a%20%25%40%3A%2F%3F%23%20password@db.example.org:5433/users → postgresql+psycopg2://owner:a%20%25%40%3A%2F%3F%23%20password@elsewhere:5433/users",
      "mlflow-migration-settings stringData.secret.store-uri: postgresql+psycopg2://owner:a%20%25%40%3A%2F%3F%23%20password@db.example.org:5433/runs → postgresql+psycopg2://owner:a%20%25%40%3A%2F%3F%23%20password@elsewhere:5433/runs",
      "mlflow-settings stringData.secret.basic_auth.ini: -database_uri = postgresql+psycopg2://owner:a%%20%%25%%40%%3A%%2F%%3F%%23%%20password@db.example.org:5433/users +database_uri = postgresql+psycopg2://owner:a%%20%%25%%40%%3A%%2F%%3F%%23%%20password@elsewhere:5433/users",
      "mlflow-settings stringData.secret.store-uri: postgresql+psycopg2://owner:a%20%25%40%3A%2F%3F%23%20password@db.example.org:5433/runs → postgresql+psycopg2://owner:a%20%25%40%3A%2F%3F%23%20password@elsewhere:5433/runs",
    ],
  },
  artifacts: {
    value: { uri: "/mlflow/artifacts", claimName: "claim" },
    changes: [
      "mlflow-server spec.strategy.rollingUpdate.maxSurge: 1 → 0",
      "mlflow-server spec.strategy.rollingUpdate.maxUnavailable: 0 → 1",
      "mlflow-server spec.template.spec.containers[mlflow].env[MLFLOW_ARTIFACTS_DESTINATION].value: gs://bucket/path → /mlflow/artifacts",
      "mlflow-server spec.template.spec.containers[mlflow].volumeMounts[artifacts].mountPath: ∅ → /mlflow/artifacts",
      "mlflow-server spec.template.spec.containers[mlflow].volumeMounts[artifacts].name: ∅ → artifacts",
      "mlflow-server spec.template.spec.volumes[artifacts].name: ∅ → artifacts",
      "mlflow-server spec.template.spec.volumes[artifacts].persistentVolumeClaim.claimName: ∅ → claim",
    ],
  },
  users: {
    value: [reader],
    changes: [
      'mlflow-migration-settings stringData.secret.users.json: -[] +[{"username":"reader" +"password":"long enough to read" +"permission":"read" +"person":false}]',
    ],
  },
  people: {
    value: { alice: PersonRole.Writer },
    changes: [
      "+ mlflow-person-alice-password",
      'mlflow-migration-settings stringData.secret.users.json: -[] +[{"username":"alice" +"password":"MARKER-mlflow-person-alice-password-%@:/?#" +"permission":"write" +"person":true}]',
      "mlflow-migration-settings options.dependsOn: +mlflow-person-alice-password",
      "mlflow outputs.peoplePasswords.secret.alice: ∅ → MARKER-mlflow-person-alice-password-%@:/?#",
    ],
  },
  replicas: {
    value: 3,
    changes: ["+ mlflow-disruption-budget", "mlflow-server spec.replicas: 1 → 3"],
  },
  workers: {
    value: 2,
    changes: [
      "mlflow-server spec.template.spec.containers[mlflow].env[MLFLOW_WORKERS].value: 1 → 2",
    ],
  },
  logLevel: {
    value: "DEBUG",
    changes: [
      "mlflow-server spec.template.spec.containers[mlflow].env[MLFLOW_LOGGING_LEVEL].name: ∅ → MLFLOW_LOGGING_LEVEL",
      "mlflow-server spec.template.spec.containers[mlflow].env[MLFLOW_LOGGING_LEVEL].value: ∅ → DEBUG",
    ],
  },
  nodePort: {
    value: 30001,
    changes: [
      "mlflow outputs.externalUrl: http://mlflow.ml.svc.cluster.local:5000 → http://localhost:30001",
      "mlflow-service spec.ports[http].nodePort: ∅ → 30001",
      "mlflow-service spec.type: ClusterIP → NodePort",
    ],
  },
  nodeAddress: {
    value: "192.168.49.2",
    with: { nodePort: 30001 },
    changes: [
      "mlflow outputs.externalUrl: http://localhost:30001 → http://192.168.49.2:30001",
      "mlflow-server spec.template.spec.containers[mlflow].env[MLFLOW_SERVER_ALLOWED_HOSTS].value: +192.168.49.2 +192.168.49.2:*",
      "mlflow-server spec.template.spec.containers[mlflow].env[MLFLOW_SERVER_CORS_ALLOWED_ORIGINS].value: -http://localhost -http://localhost:* -https://localhost -https://localhost:* +http://192.168.49.2 +http://192.168.49.2:* +https://192.168.49.2 +https://192.168.49.2:*",
    ],
  },
  hostNames: {
    value: ["mlflow.example.org"],
    changes: [
      "mlflow-server spec.template.spec.containers[mlflow].env[MLFLOW_SERVER_ALLOWED_HOSTS].value: +mlflow.example.org +mlflow.example.org:*",
      "mlflow-server spec.template.spec.containers[mlflow].env[MLFLOW_SERVER_CORS_ALLOWED_ORIGINS].value: +http://mlflow.example.org +http://mlflow.example.org:* +https://mlflow.example.org +https://mlflow.example.org:*",
    ],
  },
  temporaryStorage: {
    value: "10Gi",
    changes: ["mlflow-server spec.template.spec.volumes[tmp].emptyDir.sizeLimit: 2Gi → 10Gi"],
  },
  resources: {
    value: { memoryLimit: "4Gi" },
    changes: [
      "mlflow-server spec.template.spec.containers[mlflow].resources.limits.memory: 1536Mi → 4Gi",
    ],
  },
  googleCredentials: {
    value: '{"type":"service_account"}',
    changes: [
      "+ mlflow-google-credentials",
      "mlflow-server options.dependsOn: +mlflow-google-credentials",
      "mlflow-server spec.template.spec.containers[mlflow].env[GOOGLE_APPLICATION_CREDENTIALS].name: ∅ → GOOGLE_APPLICATION_CREDENTIALS",
      "mlflow-server spec.template.spec.containers[mlflow].env[GOOGLE_APPLICATION_CREDENTIALS].value: ∅ → /etc/google/credentials.json",
      "mlflow-server spec.template.spec.containers[mlflow].volumeMounts[google-credentials].mountPath: ∅ → /etc/google",
      "mlflow-server spec.template.spec.containers[mlflow].volumeMounts[google-credentials].name: ∅ → google-credentials",
      "mlflow-server spec.template.spec.containers[mlflow].volumeMounts[google-credentials].readOnly: ∅ → true",
      "mlflow-server spec.template.spec.volumes[google-credentials].name: ∅ → google-credentials",
      "mlflow-server spec.template.spec.volumes[google-credentials].secret.defaultMode: ∅ → 288",
      "mlflow-server spec.template.spec.volumes[google-credentials].secret.secretName: ∅ → mlflow-google-credentials-1a2b3c",
    ],
  },
  environment: {
    value: { MLFLOW_WORKERS: "3", EXTRA: "yes" },
    changes: [
      "+ mlflow-environment",
      "mlflow-server options.dependsOn: +mlflow-environment",
      ...fromSecret("EXTRA", "∅"),
      ...fromSecret("MLFLOW_WORKERS", "1"),
    ],
  },
  paused: {
    value: true,
    changes: [
      "mlflow-migration metadata.annotations.pulumi.com/skipAwait: ∅ → true",
      "mlflow-migration spec.suspend: ∅ → true",
      "mlflow-server spec.replicas: 1 → 0",
    ],
  },
  labels: {
    value: { team: "blue" },
    changes: [
      "mlflow-account metadata.labels.team: ∅ → blue",
      "mlflow-migration metadata.labels.team: ∅ → blue",
      "mlflow-migration spec.template.metadata.labels.team: ∅ → blue",
      "mlflow-migration-settings metadata.labels.team: ∅ → blue",
      "mlflow-server metadata.labels.team: ∅ → blue",
      "mlflow-server spec.template.metadata.labels.team: ∅ → blue",
      "mlflow-service metadata.labels.team: ∅ → blue",
      "mlflow-settings metadata.labels.team: ∅ → blue",
    ],
  },
  annotations: {
    value: { note: "hello" },
    changes: [
      "mlflow-account metadata.annotations.note: ∅ → hello",
      "mlflow-migration metadata.annotations.note: ∅ → hello",
      "mlflow-migration spec.template.metadata.annotations.note: ∅ → hello",
      "mlflow-migration-settings metadata.annotations.note: ∅ → hello",
      "mlflow-server metadata.annotations.note: ∅ → hello",
      "mlflow-server spec.template.metadata.annotations.note: ∅ → hello",
      "mlflow-service metadata.annotations.note: ∅ → hello",
      "mlflow-settings metadata.annotations.note: ∅ → hello",
    ],
  },
});
