import type { MlopsPlatformArgs } from "../../../components/index.ts";
import { describeArguments, everywhere } from "../../support/cases.ts";
import { databaseOfMine, makePlatform, platformArgs } from "../../support/fixtures.ts";
import { openedToTheInternet } from "../../support/exposureCase.ts";
import {
  everythingPaused,
  gpusForTraining,
  keyOutsideOfGoogle,
} from "../../support/platformCases.ts";
import type { Recorded } from "../../support/recorder.ts";
import { changeLines, differences } from "../../support/wire.ts";

const { images } = platformArgs;
const model = platformArgs.models[0]!;

// seconds, because each argument is a platform that is recorded; what the monitoring gets from the platform is the business of platformMonitoring.test.ts
const base: MlopsPlatformArgs = { ...platformArgs, monitoring: { enabled: false } };

/** What goes with either store: they are backed up together or not at all. */
const noBackup = [
  "- ml-backup",
  "- ml-backup-account",
  "- ml-backup-backup",
  "- ml-backup-data",
  "- ml-backup-encryption-password",
  "- ml-backup-restore",
  "- ml-backup-restore-account",
  "- ml-backup-restore-role",
  "- ml-backup-restore-role-binding",
  "- ml-backup-settings",
  "- ml-network-backup-may-call-postgres",
  "- ml-network-backup-to-postgres",
  "- ml-network-restore-may-call-anything",
  "- ml-network-restore-may-call-postgres",
  "- ml-network-restore-to-postgres",
  "ml outputs.backupPassword: secret:MARKER-ml-backup-encryption-password-%@:/?# → ∅",
];

describeArguments(makePlatform, "ml", base, {
  namespace: {
    value: "team",
    changes: inNamespaceTeam,
  },
  namespaceOnly: {
    value: true,
    changes: inExistingNamespace,
  },
  images: {
    value: { ...images, predict: "registry/predict:2" },
    changes: [
      'ml-prediction-services data.services.json: -      "version": "1" +      "version": "2"',
      "ml-prediction-server spec.template.spec.containers[streamlit].image: registry/predict:1 → registry/predict:2",
    ],
  },
  imageMirror: {
    value: "mirror.example.org",
    with: { monitoring: {} },
    changes: [
      "ml-grafana-release values.image.registry: docker.io → mirror.example.org",
      "ml-grafana-release values.sidecar.image.registry: quay.io → mirror.example.org",
      "ml-prometheus-release values.alertmanager.image.repository: quay.io/prometheus/alertmanager → mirror.example.org/prometheus/alertmanager",
      "ml-prometheus-release values.kube-state-metrics.image.registry: registry.k8s.io → mirror.example.org",
      "ml-prometheus-release values.prometheus-node-exporter.image.registry: quay.io → mirror.example.org",
      "ml-prometheus-release values.prometheus-pushgateway.image.repository: quay.io/prometheus/pushgateway → mirror.example.org/prometheus/pushgateway",
      "ml-prometheus-release values.server.image.repository: quay.io/prometheus/prometheus → mirror.example.org/prometheus/prometheus",
    ],
  },
  database: {
    value: databaseOfMine,
    changes: [
      ...noBackup,
      "ml-tracking options.dependsOn: ml-database-account,ml-database-credentials,ml-database-data,ml-database-init,ml-database-password,ml-database-server,ml-database-service → ∅",

      "- ml-database-account",
      "+ ml-network-mlflow-may-call-anything",

      "ml outputs.databaseHost: postgres.mlops.svc.cluster.local → db.example.org",
      "- ml-database",
      "- ml-database-credentials",
      "- ml-database-data",
      "- ml-database-init",
      "- ml-database-password",
      "- ml-database-server",
      "- ml-database-service",
      "- ml-network-mlflow-may-call-postgres",
      "- ml-network-mlflow-to-postgres",
      "ml-tracking-migration spec.template.spec.containers[migrate].env[MLOPS_DATABASE_STORAGE_SIZE].name: MLOPS_DATABASE_STORAGE_SIZE → ∅",
      "ml-tracking-migration spec.template.spec.containers[migrate].env[MLOPS_DATABASE_STORAGE_SIZE].value: 8Gi → ∅",
      "ml-tracking-migration-settings options.dependsOn: -ml-database-password",
      "ml-tracking-migration-settings stringData.secret.auth-uri: postgresql+psycopg2://mlflow:MARKER-ml-database-password-%25%40%3A%2F%3F%23@postgres.mlops.svc.cluster.local:5432/mlflow_auth → postgresql+psycopg2://owner:a%20%25%40%3A%2F%3F%23%20password@db.example.org:5433/users",
      "ml-tracking-migration-settings stringData.secret.store-uri: postgresql+psycopg2://mlflow:MARKER-ml-database-password-%25%40%3A%2F%3F%23@postgres.mlops.svc.cluster.local:5432/mlflow → postgresql+psycopg2://owner:a%20%25%40%3A%2F%3F%23%20password@db.example.org:5433/runs",
      "ml-tracking-settings options.dependsOn: -ml-database-password",
      "ml-tracking-settings stringData.secret.basic_auth.ini: -database_uri = postgresql+psycopg2://mlflow:MARKER-ml-database-password-%%25%%40%%3A%%2F%%3F%%23@postgres.mlops.svc.cluster.local:5432/mlflow_auth +database_uri = postgresql+psycopg2://owner:a%%20%%25%%40%%3A%%2F%%3F%%23%%20password@db.example.org:5433/users",
      "ml-tracking-settings stringData.secret.store-uri: postgresql+psycopg2://mlflow:MARKER-ml-database-password-%25%40%3A%2F%3F%23@postgres.mlops.svc.cluster.local:5432/mlflow → postgresql+psycopg2://owner:a%20%25%40%3A%2F%3F%23%20password@db.example.org:5433/runs",
    ],
  },
  artifacts: {
    value: { uri: "gs://bucket/path" },
    changes: [
      ...noBackup,
      "+ ml-network-mlflow-may-call-169.254.169.252-32",
      "+ ml-network-mlflow-may-call-169.254.169.254-32",
      "+ ml-network-mlflow-may-call-anything",
      "ml outputs.artifactUri: /mlflow/artifacts → gs://bucket/path",
      "- ml-artifacts",
      "- ml-artifacts-data",
      "ml-tracking-server options.dependsOn: -ml-artifacts-data",
      "ml-tracking-server spec.strategy.rollingUpdate.maxSurge: 0 → 1",
      "ml-tracking-server spec.strategy.rollingUpdate.maxUnavailable: 1 → 0",
      "ml-tracking-server spec.template.spec.containers[mlflow].env[MLFLOW_ARTIFACTS_DESTINATION].value: /mlflow/artifacts → gs://bucket/path",
      "ml-tracking-server spec.template.spec.containers[mlflow].volumeMounts[artifacts].mountPath: /mlflow/artifacts → ∅",
      "ml-tracking-server spec.template.spec.containers[mlflow].volumeMounts[artifacts].name: artifacts → ∅",
      "ml-tracking-server spec.template.spec.volumes[artifacts].name: artifacts → ∅",
      "ml-tracking-server spec.template.spec.volumes[artifacts].persistentVolumeClaim.claimName: ml-artifacts-data → ∅",
    ],
  },
  postgres: {
    value: { storageSize: "100Gi", resources: { memoryLimit: "1Gi" } },
    changes: [
      "ml-database outputs.connection.storageSize: 8Gi → 100Gi",
      "ml-database-data spec.resources.requests.storage: 8Gi → 100Gi",
      "ml-tracking-migration spec.template.spec.containers[migrate].env[MLOPS_DATABASE_STORAGE_SIZE].value: 8Gi → 100Gi",
      "ml-database-server spec.template.spec.containers[postgres].resources.limits.memory: 512Mi → 1Gi",
    ],
  },
  artifactVolume: {
    value: { storageSize: "200Gi" },
    changes: ["ml-artifacts-data spec.resources.requests.storage: 20Gi → 200Gi"],
  },
  backup: {
    value: { schedule: "@weekly", retention: { count: 3 } },
    changes: [
      "ml-backup-backup spec.jobTemplate.spec.template.spec.containers[backup].env[BACKUP_KEEP_COUNT].value: 7 → 3",
      "ml-backup-backup spec.schedule: 0 2 * * * → @weekly",
      "ml-backup-restore spec.jobTemplate.spec.template.spec.containers[swap].env[BACKUP_KEEP_COUNT].value: 7 → 3",
      "ml-backup-restore spec.jobTemplate.spec.template.spec.initContainers[restore].env[BACKUP_KEEP_COUNT].value: 7 → 3",
    ],
  },
  dask: {
    value: { enabled: true, workers: 3 },
    changes: [
      "+ ml-dask",
      "+ ml-dask-account",
      "+ ml-dask-password",
      "+ ml-dask-scheduler",
      "+ ml-dask-secret",
      "+ ml-dask-service",
      "+ ml-dask-tracking-credentials",
      "+ ml-dask-tracking-password",
      "+ ml-dask-worker",
      "+ ml-network-dask-may-call-dask-workers",
      "+ ml-network-dask-to-dask-workers",
      "+ ml-network-dask-workers-may-call-dask",
      "+ ml-network-dask-workers-may-call-dask-workers",
      "+ ml-network-dask-workers-may-call-mlflow",
      "+ ml-network-dask-workers-to-dask",
      "+ ml-network-dask-workers-to-dask-workers",
      "+ ml-network-dask-workers-to-mlflow",
      "ml outputs.daskSchedulerAddress: ∅ → tls://dask.mlops.svc.cluster.local:8786",
      "ml outputs.notebookEnv.secret.DASK_CLUSTER_SECRET: ∅ → MARKER-ml-dask-password-%@:/?#",
      "ml outputs.notebookEnv.secret.DASK_SCHEDULER_ADDRESS: ∅ → tls://dask.mlops.svc.cluster.local:8786",
      "ml-tracking-migration-settings options.dependsOn: +ml-dask-tracking-password",
      'ml-tracking-migration-settings stringData.secret.users.json: +{"username":"dask" +"password":"MARKER-ml-dask-tracking-password-%@:/?#"',
    ],
  },
  owner: {
    value: "platform@example.org",
    changes: [
      'ml-prediction-services data.services.json: +      "owner": "platform@example.org" +      "owner": "platform@example.org"',
    ],
  },
  sparkConnectUrl: {
    value: "sc://spark.example.org:443/;use_ssl=true;token=t",
    changes: [
      "ml outputs.notebookEnv.secret.SPARK_REMOTE: ∅ → sc://spark.example.org:443/;use_ssl=true;token=t",
    ],
  },
  storageClassName: {
    value: "fast",
    changes: [
      "ml-artifacts-data spec.storageClassName: ∅ → fast",
      "ml-backup-data spec.storageClassName: ∅ → fast",
      "ml-database-data spec.storageClassName: ∅ → fast",
    ],
  },
  tracking: {
    value: { replicas: 3, workers: 2, resources: { cpuLimit: "4" }, nodePort: 30001 },
    with: { artifacts: { uri: "gs://bucket/path" } },
    changes: [
      'ml-prediction-services data.services.json: -      "url": "http://mlflow.mlops.svc.cluster.local:5000" +      "url": "http://localhost:30001"',
      "+ ml-network-anybody-to-mlflow",
      "+ ml-tracking-disruption-budget",
      "ml outputs.mlflowTrackingUri: http://mlflow.mlops.svc.cluster.local:5000 → http://localhost:30001",
      "ml outputs.notebookEnv.secret.MLFLOW_TRACKING_URI: http://mlflow.mlops.svc.cluster.local:5000 → http://localhost:30001",
      "ml-training-diabetes options.dependsOn: +ml-tracking-disruption-budget",
      "ml-database-server spec.template.spec.containers[postgres].args[2]: max_connections=50 → max_connections=170",
      "ml-tracking outputs.externalUrl: http://mlflow.mlops.svc.cluster.local:5000 → http://localhost:30001",
      "ml-tracking-server spec.replicas: 1 → 3",
      "ml-tracking-server spec.template.spec.containers[mlflow].env[MLFLOW_WORKERS].value: 1 → 2",
      "ml-tracking-server spec.template.spec.containers[mlflow].resources.limits.cpu: 2 → 4",
      "ml-tracking-service spec.ports[http].nodePort: ∅ → 30001",
      "ml-tracking-service spec.type: ClusterIP → NodePort",
    ],
  },
  models: {
    value: [model, { name: "Churn", image: "registry/churn:1" }],
    // nothing of the other model, and no pod of the page or of MLflow: the page reads its list again
    changes: [
      "ml outputs.models.Churn.pageUrl: ∅ → http://prediction-app.mlops.svc.cluster.local:8501/?model=Churn",
      'ml-prediction-services data.services.json: +      "name": "Churn" +      "serverUrl": "http://model-server-churn-2b58f5.mlops.svc.cluster.local:8080" +      "url": "http://model-server-churn-2b58f5.mlops.svc.cluster.local:8080"',
      "+ ml-model-server-churn-2b58f5-password",
      "+ ml-serving-churn-2b58f5",
      "+ ml-serving-churn-2b58f5-account",
      "+ ml-serving-churn-2b58f5-server",
      "+ ml-serving-churn-2b58f5-service",
      "+ ml-serving-churn-2b58f5-tracking-credentials",
      "ml outputs.models.Churn.alias: ∅ → champion",
      "ml outputs.models.Churn.servingUrl: ∅ → http://model-server-churn-2b58f5.mlops.svc.cluster.local:8080",
      "ml-tracking-migration-settings options.dependsOn: +ml-model-server-churn-2b58f5-password",
      'ml-tracking-migration-settings stringData.secret.users.json: +{"username":"model-server-churn-2b58f5" +"password":"MARKER-ml-model-server-churn-2b58f5-password-%@:/?#"',
    ],
  },
  serving: {
    value: { pollSeconds: 30 },
    changes: [
      "ml-serving-diabetes-server spec.template.spec.containers[model-server].env[MODEL_POLL_SECONDS].value: 5 → 30",
    ],
  },
  prediction: {
    value: { replicas: 1, nodePort: 31344, nodeSelector: { pool: "web" } },
    changes: [
      'ml-prediction-services data.services.json: -      "url": "http://prediction-app.mlops.svc.cluster.local:8501" +      "url": "http://localhost:31344"',
      "+ ml-network-anybody-to-prediction-app",
      "- ml-prediction-disruption-budget",
      "ml outputs.models.diabetes.pageUrl: http://prediction-app.mlops.svc.cluster.local:8501/?model=diabetes → http://localhost:31344/?model=diabetes",
      "ml outputs.notebookEnv.secret.PREDICTION_APP_URL: http://prediction-app.mlops.svc.cluster.local:8501 → http://localhost:31344",
      "ml outputs.predictionAppUrl: http://prediction-app.mlops.svc.cluster.local:8501 → http://localhost:31344",
      "ml-prediction outputs.externalUrl: http://prediction-app.mlops.svc.cluster.local:8501 → http://localhost:31344",
      "ml-prediction-server spec.replicas: 2 → 1",
      "ml-prediction-server spec.template.spec.nodeSelector.pool: ∅ → web",
      "ml-prediction-service spec.ports[http].nodePort: ∅ → 31344",
      "ml-prediction-service spec.type: ClusterIP → NodePort",
    ],
  },
  nodeAddress: {
    value: "192.168.49.2",
    with: { tracking: { nodePort: 30001 } },
    changes: [
      'ml-prediction-services data.services.json: -      "url": "http://localhost:30001" +      "url": "http://192.168.49.2:30001"',
      "ml outputs.mlflowTrackingUri: http://localhost:30001 → http://192.168.49.2:30001",
      "ml outputs.notebookEnv.secret.MLFLOW_TRACKING_URI: http://localhost:30001 → http://192.168.49.2:30001",
      "ml-tracking outputs.externalUrl: http://localhost:30001 → http://192.168.49.2:30001",
      "ml-tracking-server spec.template.spec.containers[mlflow].env[MLFLOW_SERVER_ALLOWED_HOSTS].value: +192.168.49.2 +192.168.49.2:*",
      "ml-tracking-server spec.template.spec.containers[mlflow].env[MLFLOW_SERVER_CORS_ALLOWED_ORIGINS].value: -http://localhost -http://localhost:* -https://localhost -https://localhost:* +http://192.168.49.2 +http://192.168.49.2:* +https://192.168.49.2 +https://192.168.49.2:*",
    ],
  },
  training: {
    value: gpusForTraining.value,
    changes: gpusForTraining.changes,
  },
  exposure: openedToTheInternet,
  // without monitoring only a restore calls it
  apiServerAddresses: {
    value: ["10.0.0.2/32"],
    changes: ["+ ml-network-restore-may-call-api-server", "- ml-network-restore-may-call-anything"],
  },
  dnsAddresses: {
    value: ["10.96.0.10/32"],
    changes: [
      "ml-network-dns spec.egress[0].to[1].ipBlock.cidr: 169.254.20.10/32 → 10.96.0.10/32",
      "ml-network-dns spec.egress[0].to[2].ipBlock.cidr: 169.254.169.254/32 → ∅",
    ],
  },
  monitoring: {
    value: {
      grafana: { enabled: false },
      prometheus: { kubeStateMetrics: false, nodeExporter: false, pushgateway: false },
    },
    changes: [
      "+ ml-network-prediction-app-may-call-prometheus",
      "+ ml-network-prediction-app-to-prometheus",
      'ml-prediction-services data.services.json: +      "name": "Prometheus" +      "url": "http://prometheus.mlops.svc.cluster.local:9090" +      "healthUrl": "http://prometheus.mlops.svc.cluster.local:9090/api/v1/status/buildinfo" +      "name": "Alertmanager" +      "url": "http://alertmanager.mlops.svc.cluster.local:9093" +      "healthUrl": "http://prometheus.mlops.svc.cluster.local:9090/api/v1/query?query=alertmanager_build_info" +      "seenBy": "Prometheus"',
      "+ ml-network-prometheus-may-call-alertmanager",
      "+ ml-network-prometheus-may-call-anything",
      "+ ml-network-prometheus-may-call-mlflow",
      "+ ml-network-prometheus-may-call-model-server",
      "+ ml-network-prometheus-may-call-prediction-app",
      "+ ml-network-prometheus-to-alertmanager",
      "+ ml-network-prometheus-to-mlflow",
      "+ ml-network-prometheus-to-model-server",
      "+ ml-network-prometheus-to-prediction-app",
      "+ ml-prometheus",
      "+ ml-prometheus-alertmanager-config",
      "+ ml-prometheus-data",
      "+ ml-prometheus-release",
      "ml outputs.alertmanagerUrl: ∅ → http://alertmanager.mlops.svc.cluster.local:9093",
      "ml outputs.notebookEnv.secret.PROMETHEUS_URL: ∅ → http://prometheus.mlops.svc.cluster.local:9090",
      "ml outputs.prometheusUrl: ∅ → http://prometheus.mlops.svc.cluster.local:9090",
    ],
  },
  googleCredentials: keyOutsideOfGoogle,
  paused: everythingPaused,
  labels: { value: { team: "blue" }, changes: everywhere("labels.team: ∅ → blue") },
  annotations: { value: { note: "hello" }, changes: everywhere("annotations.note: ∅ → hello") },
});

/** The namespace is named where objects live and in the names of Services, and nowhere else. */
function inNamespaceTeam(resources: readonly Recorded[]): string[] {
  const places =
    /("(?:namespace|name)":"|(?:mlflow|postgres|model-server-diabetes|prediction-app)\.)mlops(?![-\w])/g;
  const renamed = JSON.stringify(resources).replace(places, "$1team");
  return changeLines(differences(resources, JSON.parse(renamed) as Recorded[]));
}

/** What waits for the namespace waits for the marks in it. */
function inExistingNamespace(resources: readonly Recorded[]): string[] {
  const waiting = JSON.stringify(resources.filter(({ name }) => name !== "ml-namespace")).replace(
    /(?<="dependsOn":\[[^\]]*)"ml-namespace"/g,
    '"ml-namespace-marks"',
  );
  return [
    "+ ml-namespace-marks",
    ...changeLines(differences(resources, JSON.parse(waiting) as Recorded[])),
  ];
}
