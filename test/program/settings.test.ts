import { configKeys, type SettingKey } from "../../program/settings.ts";
import { runProgram } from "../support/program.ts";
import type { Json, Recorded } from "../support/recorder.ts";
import { leaves, readable } from "../support/wire.ts";

/*
 * Every setting arrives: what a stack writes stands in an object that Kubernetes or Google gets. All settings of a
 * table are set at once; a row is a setting, its value, and where it shows.
 */

type Row = readonly [value: unknown, resource: string, path: string, shown: Json | RegExp];
type Rows = { readonly [Key in SettingKey]?: Row };

// prettier-ignore
const onOwnCluster: Rows = {
  kubeContext: ["other", "cluster", "context", "other"],
  namespace: ["team", "mlops-namespace", "metadata.name", "team"],
  nodeAddress: ["node.example.org", "mlops-grafana-release", "values.grafana.ini.server.root_url", "http://node.example.org:30103"],
  dnsAddresses: ["10.9.0.10/32", "mlops-network-dns", "spec.egress[0].to[1].ipBlock.cidr", "10.9.0.10/32"],
  apiServerAddresses: ["10.0.0.2/32", "mlops-network-grafana-may-call-api-server", "spec.egress[0].to[0].ipBlock.cidr", "10.0.0.2/32"],
  postgresImage: ["postgres:17.6", "mlops-database-server", "spec.template.spec.containers[postgres].image", "example.org/mirror/library/postgres:17.6"],
  trackingImage: ["example.org/mlflow:3.17.2", "mlops-tracking-server", "spec.template.spec.containers[mlflow].image", "example.org/mlflow:3.17.2"],
  trackingMlflowVersion: ["3.17.2", "mlops-tracking-server", "metadata.name", "mlflow-3-17-2"],
  sparkConnectUrl: ["sc://spark:15002", "mlops", "sparkConnectUrl", "secret:sc://spark:15002"],
  owner: ["data-platform", "mlops-prediction-services", "data.services.json", /"name": "MLflow",[^}]*"owner": "data-platform"/],
  storageClassName: ["fast", "mlops-database-data", "spec.storageClassName", "fast"],
  models: [{ "diabetes-progression": { schedule: "0 3 * * *" } }, "mlops-retraining-diabetes-progression-schedule", "spec.schedule", "0 3 * * *"],
  databaseStorageSize: ["11Gi", "mlops-database-data", "spec.resources.requests.storage", "11Gi"],
  artifactStorageSize: ["22Gi", "mlops-artifacts-data", "spec.resources.requests.storage", "22Gi"],
  backup: [true, "mlops-backup-backup", "metadata.name", "backup"],
  backupSchedule: ["0 4 * * *", "mlops-backup-backup", "spec.schedule", "0 4 * * *"],
  backupTimeZone: ["Europe/Vienna", "mlops-backup-backup", "spec.timeZone", "Europe/Vienna"],
  backupKeepCount: [3, "mlops-backup-backup", "spec.jobTemplate.spec.template.spec.containers[backup].env[BACKUP_KEEP_COUNT].value", "3"],
  backupKeepDays: [90, "mlops-backup-backup", "spec.jobTemplate.spec.template.spec.containers[backup].env[BACKUP_KEEP_DAYS].value", "90"],
  backupMaxAgeHours: [2, "mlops-backup-backup", "spec.jobTemplate.spec.template.spec.containers[backup].env[BACKUP_MAX_AGE_SECONDS].value", "7200"],
  backupDestination: [{ volume: { storageSize: "9Gi" } }, "mlops-backup-data", "spec.resources.requests.storage", "9Gi"],
  backupPassword: ["a password of mine", "mlops-backup-settings", "stringData.secret.password", "a password of mine"],
  backupTemporaryStorage: ["5Gi", "mlops-backup-backup", "spec.jobTemplate.spec.template.spec.volumes[tmp].emptyDir.sizeLimit", "5Gi"],
  backupDeadlineSeconds: [900, "mlops-backup-backup", "spec.jobTemplate.spec.activeDeadlineSeconds", 900],
  backupResources: [{ memoryLimit: "3Gi" }, "mlops-backup-backup", "spec.jobTemplate.spec.template.spec.containers[backup].resources.limits.memory", "3Gi"],
  backupNodeSelector: [{ pool: "backup" }, "mlops-backup-backup", "spec.jobTemplate.spec.template.spec.nodeSelector.pool", "backup"],
  backupTolerations: [[{ key: "backup" }], "mlops-backup-backup", "spec.jobTemplate.spec.template.spec.tolerations[0].key", "backup"],
  backupImagePullSecrets: ["registry", "mlops-backup-backup", "spec.jobTemplate.spec.template.spec.imagePullSecrets[registry].name", "registry"],
  backupPodPatch: [{ priorityClassName: "backup" }, "mlops-backup-backup", "spec.jobTemplate.spec.template.spec.priorityClassName", "backup"],
  trackingWorkers: [4, "mlops-tracking-server", "spec.template.spec.containers[mlflow].env[MLFLOW_WORKERS].value", "4"],
  trackingLogLevel: ["DEBUG", "mlops-tracking-server", "spec.template.spec.containers[mlflow].env[MLFLOW_LOGGING_LEVEL].value", "DEBUG"],
  trackingNodePort: [30100, "mlops-tracking-service", "spec.ports[http].nodePort", 30100],
  trackingTemporaryStorage: ["5Gi", "mlops-tracking-server", "spec.template.spec.volumes[tmp].emptyDir.sizeLimit", "5Gi"],
  trackingEnvironment: [{ MLFLOW_X: "1" }, "mlops-tracking-server", "spec.template.spec.containers[mlflow].env[MLFLOW_X].valueFrom.secretKeyRef.key", "MLFLOW_X"],
  people: [{ alice: "writer" }, "mlops-tracking-migration-settings", "stringData.secret.users.json", /"username":"alice","password":"[^"]+","permission":"write","person":true/],
  servingPollSeconds: [7, "mlops-serving-diabetes-progression-server", "spec.template.spec.containers[model-server].env[MODEL_POLL_SECONDS].value", "7"],
  servingMaxRequestBytes: [2048, "mlops-serving-diabetes-progression-server", "spec.template.spec.containers[model-server].env[MAX_REQUEST_BYTES].value", "2048"],
  servingPredictionTimeoutSeconds: [61, "mlops-serving-diabetes-progression-server", "spec.template.spec.containers[model-server].env[PREDICTION_TIMEOUT_SECONDS].value", "61"],
  servingLoadTimeoutSeconds: [301, "mlops-serving-diabetes-progression-server", "spec.template.spec.containers[model-server].env[LOAD_TIMEOUT_SECONDS].value", "301"],
  servingDriftWindowSeconds: [3601, "mlops-serving-diabetes-progression-server", "spec.template.spec.containers[model-server].env[DRIFT_WINDOW_SECONDS].value", "3601"],
  predictionReplicas: [4, "mlops-prediction-server", "spec.replicas", 4],
  predictionNodePort: [30102, "mlops-prediction-service", "spec.ports[http].nodePort", 30102],
  trainingTimeZone: ["Europe/Berlin", "mlops-retraining-diabetes-progression-schedule", "spec.timeZone", "Europe/Berlin"],
  trainingTrials: [8, "mlops-training-diabetes-progression-job", "spec.completions", 8],
  trainingParallelism: [3, "mlops-training-diabetes-progression-job", "spec.parallelism", 3],
  trainingBackoffLimit: [5, "mlops-training-diabetes-progression-job", "spec.backoffLimit", 5],
  trainingDeadlineSeconds: [900, "mlops-training-diabetes-progression-job", "spec.activeDeadlineSeconds", 900],
  trainingEnvironment: [{ X: "1" }, "mlops-training-diabetes-progression-job", "spec.template.spec.containers[training].env[X].valueFrom.secretKeyRef.key", "X"],
  daskCluster: [true, "mlops-dask-scheduler", "metadata.name", "dask"],
  daskImage: ["example.org/serving:1", "mlops-dask-worker", "spec.template.spec.containers[worker].image", "example.org/mirror/serving:1"],
  daskWorkers: [7, "mlops-dask-worker", "spec.replicas", 7],
  daskThreads: [4, "mlops-dask-worker", "spec.template.spec.containers[worker].args[4]", "4"],
  daskWorkerResources: [{ memoryLimit: "3Gi" }, "mlops-dask-worker", "spec.template.spec.containers[worker].resources.limits.memory", "3Gi"],
  daskSchedulerResources: [{ memoryLimit: "3Gi" }, "mlops-dask-scheduler", "spec.template.spec.containers[scheduler].resources.limits.memory", "3Gi"],
  daskStorageSize: ["9Gi", "mlops-dask-worker", "spec.template.spec.volumes[tmp].emptyDir.sizeLimit", "9Gi"],
  daskEnvironment: [{ SEED: "7" }, "mlops-dask-environment", "stringData.secret.SEED", "7"],
  daskNodeSelector: [{ pool: "dask" }, "mlops-dask-worker", "spec.template.spec.nodeSelector.pool", "dask"],
  daskTolerations: [[{ key: "dask" }], "mlops-dask-worker", "spec.template.spec.tolerations[0].key", "dask"],
  daskImagePullSecrets: ["registry", "mlops-dask-worker", "spec.template.spec.imagePullSecrets[registry].name", "registry"],
  trainingGpu: [true, "mlops-training-diabetes-progression-job", "spec.template.spec.containers[training].resources.limits.nvidia.com/gpu", "1"],
  runbookBaseUrl: ["https://example.org/runbooks", "mlops-prometheus-release", "values.serverFiles.alerting_rules.yml.groups[availability].rules[0].annotations.runbook_url", "https://example.org/runbooks/TargetDown.md"],
  imageMirror: ["example.org/mirror", "mlops-grafana-release", "values.image.repository", "mirror/grafana/grafana"],
  pushgateway: [false, "mlops-prometheus-release", "values.prometheus-pushgateway.enabled", false],
  kubeStateMetrics: [false, "mlops-prometheus-release", "values.kube-state-metrics.enabled", false],
  nodeExporterPort: [9101, "mlops-prometheus-release", "values.prometheus-node-exporter.service.port", 9101],
  alertReceivers: [{ webhook: { url: "https://example.org/in" } }, "mlops-network-alertmanager-may-call-anything", "spec.egress[0].ports[0].port", 443],
  prometheusRetention: ["48h", "mlops-prometheus-release", "values.server.retention", "48h"],
  prometheusStorageSize: ["33Gi", "mlops-prometheus-data", "spec.resources.requests.storage", "33Gi"],
  prometheusResources: [{ memoryLimit: "3Gi" }, "mlops-prometheus-release", "values.server.resources.limits.memory", "3Gi"],
  prometheusNodeSelector: [{ pool: "monitoring" }, "mlops-prometheus-release", "values.server.nodeSelector.pool", "monitoring"],
  prometheusTolerations: [[{ key: "monitoring" }], "mlops-prometheus-release", "values.server.tolerations[0].key", "monitoring"],
  prometheusImagePullSecrets: ["registry", "mlops-prometheus-release", "values.imagePullSecrets[registry].name", "registry"],
  prometheusChart: ["oci://example.org/prometheus", "mlops-prometheus-release", "chart", "oci://example.org/prometheus"],
  prometheusChartVersion: ["1.2.3", "mlops-prometheus-release", "version", "1.2.3"],
  prometheusValues: [{ server: { replicaCount: 2 } }, "mlops-prometheus-release", "values.server.replicaCount", 2],
  grafanaNodePort: [30103, "mlops-grafana-release", "values.service.nodePort", 30103],
  grafanaStorageSize: ["3Gi", "mlops-grafana-data", "spec.resources.requests.storage", "3Gi"],
  grafanaResources: [{ memoryLimit: "3Gi" }, "mlops-grafana-release", "values.resources.limits.memory", "3Gi"],
  grafanaNodeSelector: [{ pool: "monitoring" }, "mlops-grafana-release", "values.nodeSelector.pool", "monitoring"],
  grafanaTolerations: [[{ key: "monitoring" }], "mlops-grafana-release", "values.tolerations[0].key", "monitoring"],
  grafanaImagePullSecrets: ["registry", "mlops-grafana-release", "values.image.pullSecrets[registry].name", "registry"],
  grafanaChart: ["oci://example.org/grafana", "mlops-grafana-release", "chart", "oci://example.org/grafana"],
  grafanaChartVersion: ["4.5.6", "mlops-grafana-release", "version", "4.5.6"],
  grafanaValues: [{ replicas: 2 }, "mlops-grafana-release", "values.replicas", 2],
  databaseResources: [{ memoryLimit: "3Gi" }, "mlops-database-server", "spec.template.spec.containers[postgres].resources.limits.memory", "3Gi"],
  databaseNodeSelector: [{ pool: "database" }, "mlops-database-server", "spec.template.spec.nodeSelector.pool", "database"],
  databaseTolerations: [[{ key: "database" }], "mlops-database-server", "spec.template.spec.tolerations[0].key", "database"],
  databaseImagePullSecrets: ["registry", "mlops-database-server", "spec.template.spec.imagePullSecrets[registry].name", "registry"],
  databasePodPatch: [{ priorityClassName: "database" }, "mlops-database-server", "spec.template.spec.priorityClassName", "database"],
  trackingResources: [{ memoryLimit: "3Gi" }, "mlops-tracking-server", "spec.template.spec.containers[mlflow].resources.limits.memory", "3Gi"],
  trackingNodeSelector: [{ pool: "tracking" }, "mlops-tracking-server", "spec.template.spec.nodeSelector.pool", "tracking"],
  trackingTolerations: [[{ key: "tracking" }], "mlops-tracking-server", "spec.template.spec.tolerations[0].key", "tracking"],
  trackingImagePullSecrets: ["registry", "mlops-tracking-server", "spec.template.spec.imagePullSecrets[registry].name", "registry"],
  trackingPodPatch: [{ priorityClassName: "tracking" }, "mlops-tracking-server", "spec.template.spec.priorityClassName", "tracking"],
  servingResources: [{ memoryLimit: "3Gi" }, "mlops-serving-diabetes-progression-server", "spec.template.spec.containers[model-server].resources.limits.memory", "3Gi"],
  servingNodeSelector: [{ pool: "serving" }, "mlops-serving-diabetes-progression-server", "spec.template.spec.nodeSelector.pool", "serving"],
  servingTolerations: [[{ key: "serving" }], "mlops-serving-diabetes-progression-server", "spec.template.spec.tolerations[0].key", "serving"],
  servingImagePullSecrets: ["registry", "mlops-serving-diabetes-progression-server", "spec.template.spec.imagePullSecrets[registry].name", "registry"],
  servingPodPatch: [{ priorityClassName: "serving" }, "mlops-serving-diabetes-progression-server", "spec.template.spec.priorityClassName", "serving"],
  predictionResources: [{ memoryLimit: "3Gi" }, "mlops-prediction-server", "spec.template.spec.containers[streamlit].resources.limits.memory", "3Gi"],
  predictionNodeSelector: [{ pool: "prediction" }, "mlops-prediction-server", "spec.template.spec.nodeSelector.pool", "prediction"],
  predictionTolerations: [[{ key: "prediction" }], "mlops-prediction-server", "spec.template.spec.tolerations[0].key", "prediction"],
  predictionImagePullSecrets: ["registry", "mlops-prediction-server", "spec.template.spec.imagePullSecrets[registry].name", "registry"],
  predictionPodPatch: [{ priorityClassName: "prediction" }, "mlops-prediction-server", "spec.template.spec.priorityClassName", "prediction"],
  trainingResources: [{ memoryLimit: "3Gi" }, "mlops-training-diabetes-progression-job", "spec.template.spec.containers[training].resources.limits.memory", "3Gi"],
  trainingNodeSelector: [{ pool: "training" }, "mlops-training-diabetes-progression-job", "spec.template.spec.nodeSelector.pool", "training"],
  trainingTolerations: [[{ key: "training" }], "mlops-training-diabetes-progression-job", "spec.template.spec.tolerations[2].key", "training"],
  trainingImagePullSecrets: ["registry", "mlops-training-diabetes-progression-job", "spec.template.spec.imagePullSecrets[registry].name", "registry"],
  trainingPodPatch: [{ priorityClassName: "training" }, "mlops-training-diabetes-progression-job", "spec.template.spec.priorityClassName", "training"],
};

// prettier-ignore
const onGoogle: Rows = {
  gcpProject: ["acme-ml", "google", "project", "acme-ml"],
  gcpRegion: ["europe-west4", "mlops-bucket-bucket", "location", "europe-west4"],
  imageRegistry: ["example.org/ml", "mlops-prediction-server", "spec.template.spec.containers[streamlit].image", /^example\.org\/ml\/predict:/],
  gkeZone: ["europe-west4-b", "mlops-gke-cluster", "location", "europe-west4-b"],
  gkeMachineType: ["e2-standard-4", "mlops-gke-pool", "nodeConfig.machineType", "e2-standard-4"],
  gkeMinNodes: [2, "mlops-gke-pool", "autoscaling.minNodeCount", 2],
  gkeMaxNodes: [7, "mlops-gke-pool", "autoscaling.maxNodeCount", 7],
  gkeDiskSizeGb: [77, "mlops-gke-pool", "nodeConfig.diskSizeGb", 77],
  gkeSpot: [true, "mlops-gke-pool", "nodeConfig.spot", true],
  gkeGpu: ["nvidia-l4", "mlops-gke-gpu", "nodeConfig.guestAccelerators[0].type", "nvidia-l4"],
  gkeReleaseChannel: ["STABLE", "mlops-gke-cluster", "releaseChannel.channel", "STABLE"],
  gkeAuthorizedNetworks: ["198.51.100.0/24", "mlops-gke-cluster", "masterAuthorizedNetworksConfig.cidrBlocks[0].cidrBlock", "198.51.100.0/24"],
  protectData: [false, "mlops-gke-cluster", "deletionProtection", false],
  trackingReplicas: [2, "mlops-tracking-server", "spec.replicas", 2],
  cloudSqlEdition: ["ENTERPRISE_PLUS", "mlops-cloud-sql-instance", "settings.edition", "ENTERPRISE_PLUS"],
  cloudSqlTier: ["db-perf-optimized-N-4", "mlops-cloud-sql-instance", "settings.tier", "db-perf-optimized-N-4"],
  cloudSqlAvailability: ["REGIONAL", "mlops-cloud-sql-instance", "settings.availabilityType", "REGIONAL"],
  cloudSqlDiskSizeGb: [20, "mlops-cloud-sql-instance", "settings.diskSize", 20],
  cloudSqlMaxDiskSizeGb: [222, "mlops-cloud-sql-instance", "settings.diskAutoresizeLimit", 222],
  cloudSqlBackupStartTime: ["03:30", "mlops-cloud-sql-instance", "settings.backupConfiguration.startTime", "03:30"],
  cloudSqlTransactionLogRetentionDays: [3, "mlops-cloud-sql-instance", "settings.backupConfiguration.transactionLogRetentionDays", 3],
  cloudSqlRetainedBackups: [14, "mlops-cloud-sql-instance", "settings.backupConfiguration.backupRetentionSettings.retainedBackups", 14],
  cloudSqlFlags: [{ log_min_duration_statement: "500" }, "mlops-cloud-sql-instance", "settings.databaseFlags[log_min_duration_statement].value", "500"],
  cloudSqlAddress: ["public", "mlops-cloud-sql-instance", "settings.ipConfiguration.ipv4Enabled", true],
  bucketSoftDeleteDays: [14, "mlops-bucket-bucket", "softDeletePolicy.retentionDurationSeconds", 1209600],
  bucketStorageClass: ["NEARLINE", "mlops-bucket-bucket", "storageClass", "NEARLINE"],
  bucketNoncurrentVersionDays: [60, "mlops-bucket-bucket", "lifecycleRules[1].condition.daysSinceNoncurrentTime", 60],
  domain: ["ml.example.org", "mlops-domain-authorization", "domain", "ml.example.org"],
  dnsZone: ["example-org", "mlops-domain-mlflow-record", "managedZone", "example-org"],
  oidcIssuerUrl: ["https://id.example.org", "mlops-mlflow-login-secrets", "stringData.secret.oauth2-proxy.yaml", /"issuerURL":"https:\/\/id\.example\.org"/],
  oidcClientId: ["mlops-client", "mlops-mlflow-login-secrets", "stringData.secret.oauth2-proxy.yaml", /"clientID":"mlops-client"/],
  oidcClientSecret: ["hush-hush", "mlops-mlflow-login-secrets", "stringData.secret.client-secret", "hush-hush"],
  oidcEmailDomain: ["mail.example.org", "mlops-mlflow-login-server", "spec.template.spec.containers[oauth2-proxy].args[1]", "--email-domain=mail.example.org"],
  oidcRequireVerifiedEmail: [false, "mlops-mlflow-login", "login.secret.requireVerifiedEmail", false],
};

/** Settings that decide what there is at all; what they do is tested case by case. */
const decided: readonly SettingKey[] = [
  "cluster",
  "dataStores",
  "gcpIdentity",
  "gkeMode",
  "paused",
  "monitoring",
  "alertmanager",
  "grafana",
  "nodeExporter",
  "namespaceOnly",
  "bucketVersioning",
  "backupPasswordSecretName",
  "daskPaused",
];

/** A leaf of an object's inputs; of several resources with the name, the object's rather than the component's. */
function shownIn(resources: readonly Recorded[], name: string, path: string): Json | undefined {
  const named = resources.filter((one) => one.name === name);
  return named
    .map(({ inputs }) => leaves(readable(inputs)).get(path))
    .find((leaf) => leaf !== undefined);
}

const valuesOf = (rows: Rows) =>
  Object.fromEntries(Object.entries(rows).map(([key, [value]]) => [key, value]));

describe.each<[string, Rows, Record<string, unknown>]>([
  ["on a cluster at hand", onOwnCluster, {}],
  ["on Google Cloud", onGoogle, { cluster: "gke", dataStores: "gcp" }],
])("%s", (_, rows, needed) => {
  let resources: readonly Recorded[];
  beforeAll(async () => {
    ({ resources } = await runProgram({ ...needed, ...valuesOf(rows) }));
  });

  test.each(Object.entries(rows))("%s", (_key, [, resource, path, shown]) => {
    const leaf = shownIn(resources, resource, path);
    if (shown instanceof RegExp) expect(leaf).toMatch(shown);
    else expect(leaf).toEqual(shown);
  });
});

test("backupPasswordSecretName takes the place of backupPassword", async () => {
  const { resources } = await runProgram({ backupPasswordSecretName: "mine" });
  const variable = "spec.jobTemplate.spec.template.spec.containers[backup].env[RESTIC_PASSWORD]";
  const shown = shownIn(
    resources,
    "mlops-backup-backup",
    `${variable}.valueFrom.secretKeyRef.name`,
  );
  expect(shown).toBe("mine");
});

test("every setting has a test", () => {
  const tested = [...Object.keys(onOwnCluster), ...Object.keys(onGoogle), ...decided];
  expect(configKeys.filter((key) => !tested.includes(key))).toEqual([]);
});
