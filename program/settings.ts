import { GkeMode, GkeReleaseChannel, GpuType } from "../components/google/gkeMachines.ts";
import { registryPattern, registryRule } from "../components/core/imageMirror.ts";
import { BucketStorageClass } from "../components/stores/arguments.ts";
import { CloudSqlAvailability, CloudSqlEdition } from "../components/stores/cloudSqlTiers.ts";
import { DEFAULT_REGISTRY } from "./images.ts";
import { models } from "./modelSettings.ts";
import {
  choice,
  flag,
  type JsonObject,
  map,
  maps,
  nodePort,
  secret,
  type Setting,
  text,
  texts,
  whole,
} from "./setting.ts";

/** Where the pods run: on the cluster of a kubeconfig, or on one that the program makes. */
export const ClusterTarget = { Current: "current", Gke: "gke" } as const;
export type ClusterTarget = (typeof ClusterTarget)[keyof typeof ClusterTarget];

/** Where runs, models and artifacts are kept: in the cluster, or in Cloud SQL and a bucket. */
export const DataStoreTarget = { Cluster: "cluster", Gcp: "gcp" } as const;
export type DataStoreTarget = (typeof DataStoreTarget)[keyof typeof DataStoreTarget];

/** How MLflow shows Google who it is. */
export const GoogleIdentity = { WorkloadIdentity: "workload-identity", Key: "key" } as const;
export type GoogleIdentity = (typeof GoogleIdentity)[keyof typeof GoogleIdentity];

/** Ports of the nodes that are open on a cluster of this machine. */
export const usualNodePorts = {
  trackingNodePort: 30001,
  predictionNodePort: 31344,
  grafanaNodePort: 31343,
} as const;

/** Port of the nodes on which the first model's server answers there. */
export const usualModelPort = 31345;

/** By which address Cloud SQL is reached. */
export const CloudSqlAddress = { Private: "private", Public: "public" } as const;
export type CloudSqlAddress = (typeof CloudSqlAddress)[keyof typeof CloudSqlAddress];

/** The settings of a chart's pods: what they get, and which nodes they run on. */
const chartPods = <Name extends string>(name: Name, argument: string, whose: string) =>
  ({
    [`${name}Resources`]: map(
      `${argument}.resources`,
      `CPU and memory of ${whose}: cpuRequest, cpuLimit, memoryRequest, memoryLimit.`,
    ),
    [`${name}NodeSelector`]: map(
      `${argument}.nodeSelector`,
      `Labels of the nodes that ${whose} may run on.`,
    ),
    [`${name}Tolerations`]: maps(`${argument}.tolerations`, `Node taints tolerated by ${whose}.`),
    [`${name}ImagePullSecrets`]: texts(
      `${argument}.imagePullSecrets`,
      `Secrets in the namespace, separated by commas, used to pull the images of ${whose}.`,
    ),
  }) as Record<`${Name}Resources` | `${Name}NodeSelector`, Setting<JsonObject | undefined>> &
    Record<`${Name}Tolerations`, Setting<readonly JsonObject[] | undefined>> &
    Record<`${Name}ImagePullSecrets`, Setting<readonly string[] | undefined>>;

/** The settings that every kind of pod of our own has. */
const pods = <Name extends string>(name: Name, argument: string, whose: string) => ({
  ...chartPods(name, argument, whose),
  ...({
    [`${name}PodPatch`]: map(
      `${argument}.podPatch`,
      `Patch merged into ${whose} last: affinity, priorityClassName, volumes, volumeMounts, envFrom, sidecars and the other fields of \`PodPatch\`.`,
    ),
  } as Record<`${Name}PodPatch`, Setting<JsonObject | undefined>>),
});

const registry = { pattern: registryPattern, rule: registryRule };

/**
 * Every setting of a stack: default, who checks it, meaning. The type is inferred from a row; Pulumi.yaml, the
 * reference and the schema for editors are generated from it by `npm run docs`.
 */
// prettier-ignore
export const settings = {
  // Where everything is, and what is shared by all of it.
  cluster: choice(ClusterTarget, ClusterTarget.Current, "Where the pods run. `current` is the cluster of kubeContext, such as Minikube; `gke` is one that this program creates on Google Cloud."),
  dataStores: choice(DataStoreTarget, DataStoreTarget.Cluster, "Where runs, models and artifacts are kept. `cluster` is Postgres and a volume in the cluster; `gcp` is Cloud SQL and a bucket. After a change, the stores start empty: Google's are protected (`protectData`), but volumes in the cluster are deleted, which `npm run up` does only with `--delete-data`."),
  kubeContext: text("", { pattern: /^\S+$/, rule: "be the name of a context, without spaces" }, "Context of the kubeconfig to deploy to. Empty means the kubeconfig's current one."),
  namespace: text("mlops", "namespace", "Namespace to create for the platform; with namespaceOnly, an existing one. Changing it replaces everything and loses the data in it, which `npm run up` does only with `--delete-data`."),
  namespaceOnly: flag(false, "namespaceOnly", "Whether to deploy into an existing namespace only, as its administrator can. Nothing is created outside it; node-exporter and the metrics of nodes and containers are left out. Changing it replaces everything and loses the data."),
  nodeAddress: text("", "nodeAddress", "Address under which people reach a node. Empty means the host name of the cluster's API server, which is right for Minikube."),
  apiServerAddresses: texts("apiServerAddresses", "Addresses of the Kubernetes API server as seen by pods, as CIDRs separated by commas. Empty means those of a cluster that this program creates, and any address elsewhere."),
  dnsAddresses: texts("dnsAddresses", "DNS servers that are not kube-dns or node-local-dns pods in kube-system, as CIDRs separated by commas. Empty means the addresses of NodeLocal DNSCache and Cloud DNS for GKE."),
  imageRegistry: text(DEFAULT_REGISTRY, registry, "Prefix of our images. The default suits images that are loaded into the cluster without a registry."),
  imageMirror: text("", "imageMirror", "Registry, optionally with a path, that mirrors every third-party image: those of the charts, the Auth Proxy and the login, postgresImage, daskImage, the models' own and those of training steps. Empty means the original registries. `npm run images -- --list` prints them."),
  postgresImage: text("", "images.postgres", "Postgres image. Empty means our own; the official `postgres` image works too."),
  trackingImage: text("", "images.tracking", "Image of the tracking server. Empty means our own; one of an earlier release needs trackingMlflowVersion."),
  owner: text("", "owner", "Name or address of the person or team that runs the platform. The prediction page shows it next to every service except the models, which have their own `owner`. Empty shows none."),
  sparkConnectUrl: secret(text("", "sparkConnectUrl", "URL of your Spark Connect server, such as `sc://host:15002`, which notebooks get as SPARK_REMOTE. Empty means none.")),
  storageClassName: text("", "storageClassName", "Storage class of both claims. Empty means the cluster's default class. Changing it loses the data, which `npm run up` does only with `--delete-data`."),
  protectData: flag(true, "", "Whether Cloud SQL, the bucket and the GKE cluster are protected from deletion. To delete them, first set it to false and run `up`."),
  paused: flag(false, "paused", "Whether every workload is scaled to zero and Cloud SQL is stopped. Data is kept and storage is still billed. A new stack with Cloud SQL cannot start paused; deploy it first, then pause it."),
  // The models.
  models: models({ "diabetes-progression": {} }, "Models to serve, by their registered names. The first in the stack's file is the one that the notebook uses and that the prediction page lists first. Keys of a model: see docs/reference/settings.md."),
  // Data stores in the cluster.
  databaseStorageSize: text("8Gi", "postgres.storageSize", "Size of the database's claim."),
  ...pods("database", "postgres", "the database's pod"),
  artifactStorageSize: text("20Gi", "artifactVolume.storageSize", "Size of the artifact claim."),
  // Backups of both.
  backup: flag(true, "backup.enabled", "Whether data stores in the cluster are backed up. Disabling it deletes a volume that holds the backups, which `npm run up` does only with `--delete-data`."),
  backupSchedule: text("0 2 * * *", "backup.schedule", "Cron schedule of the backups."),
  backupTimeZone: text("Etc/UTC", "backup.timeZone", "Time zone of backupSchedule, such as Europe/Berlin."),
  backupKeepCount: whole(7, "backup.retention.count", "Number of newest backups to keep regardless of age."),
  backupKeepDays: whole(30, "backup.retention.days", "Days for which every backup is kept."),
  backupDestination: secret(map("backup.destination", "Where backups are kept: one of `volume`, `bucket` and `s3`. Empty means a volume of 20Gi, which is lost with the cluster.")),
  backupPassword: secret(text("", "backup.password", "Password that the backups are encrypted with, such as that of the stack to restore from. Empty means a generated one, the output backupPassword.")),
  backupPasswordSecretName: text("", "backup.passwordSecretName", "Existing Secret in the namespace whose key `password` holds the encryption password, in place of backupPassword. The output backupPassword is then absent."),
  backupMaxAgeHours: whole(26, "backup.maxAgeHours", "Age in hours of the last backup at which an alert fires."),
  backupTemporaryStorage: text("2Gi", "backup.temporaryStorage", "Size of the folder for the dumps of both databases."),
  backupDeadlineSeconds: whole(21600, "backup.deadlineSeconds", "Seconds after which a backup or a restore fails."),
  ...pods("backup", "backup", "the backup pods"),
  // The tracking server.
  trackingMlflowVersion: text("", "tracking.mlflowVersion", "Version of MLflow in trackingImage. Empty means that of this release."),
  trackingReplicas: whole(1, "tracking.replicas", "Pods of the tracking server. With artifacts on a volume, 1 is the maximum."),
  trackingWorkers: whole(1, "tracking.workers", "Worker processes of MLflow in each pod; each takes about 200 MiB."),
  trackingLogLevel: text("", "tracking.logLevel", "Log level of MLflow: DEBUG, INFO, WARNING or ERROR. Empty means INFO."),
  trackingNodePort: nodePort("tracking.nodePort", "Port of MLflow on every node, 30000 to 32767. 0 means inside the cluster only; empty means 30001 on a local cluster and 0 on any other."),
  trackingTemporaryStorage: text("2Gi", "tracking.temporaryStorage", "Size of `/tmp`. With artifacts in a bucket, it must hold all files that are being uploaded or downloaded at the same time."),
  trackingEnvironment: secret(map("tracking.environment", "Additional environment variables of the tracking server, such as MLflow's own settings. They are kept in a Secret.")),
  ...pods("tracking", "tracking", "the tracking server's pods"),
  people: map("tracking.people", "People with an MLflow account: name → `reader` or `writer`, such as `alice: writer`. Removing a person removes the account but nothing that they logged. `npm run invite NAME` adds a person and writes the file that they need."),
  // What all model servers share.
  servingPollSeconds: whole(5, "serving.pollSeconds", "Seconds between two checks of the alias."),
  servingMaxRequestBytes: whole(10485760, "serving.maxRequestBytes", "Largest request in bytes; a larger one gets a 413."),
  servingPredictionTimeoutSeconds: whole(60, "serving.predictionTimeoutSeconds", "Timeout of one prediction in seconds; after it, the request gets a 504."),
  servingLoadTimeoutSeconds: whole(300, "serving.loadTimeoutSeconds", "Seconds within which a new version must load and predict; one that takes longer is not served."),
  servingDriftWindowSeconds: whole(3600, "serving.driftWindowSeconds", "Window in seconds over which input drift is measured."),
  ...pods("serving", "serving", "the model server's pods"),
  // The prediction page.
  predictionReplicas: whole(2, "prediction.replicas", "Pods of the prediction page."),
  predictionNodePort: nodePort("prediction.nodePort", "Port of the prediction page on every node, 30000 to 32767. 0 means inside the cluster only; empty means 31344 on a local cluster and 0 on any other."),
  ...pods("prediction", "prediction", "the prediction page's pods"),
  // What the training of all models shares.
  trainingTimeZone: text("Etc/UTC", "training.timeZone", "Time zone of the schedules, such as Europe/Berlin."),
  trainingTrials: whole("", "training.trials", "Number of experiments to run, each in its own pod. Empty means that one pod runs them all."),
  trainingParallelism: whole(2, "training.parallelism", "Maximum number of trials that run in parallel."),
  trainingBackoffLimit: whole(2, "training.backoffLimit", "Number of retries of a failed pod."),
  trainingDeadlineSeconds: whole(3600, "training.deadlineSeconds", "Seconds after which a training fails."),
  trainingEnvironment: secret(map("training.environment", "Additional environment variables of the training script. They are kept in a Secret.")),
  trainingGpu: flag(false, "", "Whether training Jobs request a GPU. On GKE it requires gkeGpu."),
  ...pods("training", "training", "the training pods"),
  // The Dask cluster that notebooks share.
  daskCluster: flag(false, "dask.enabled", "Whether to deploy a Dask cluster that notebooks share. Anyone with its secret, which the output notebookEnv contains, can run code in its pods."),
  daskImage: text("", "dask.image", "Image of its pods. Empty means that of the first model."),
  daskWorkers: whole(2, "dask.workers", "Number of its worker pods."),
  daskThreads: whole(1, "dask.threads", "Tasks that each worker runs in parallel."),
  daskPaused: flag(false, "dask.paused", "Whether all of its pods are stopped."),
  daskWorkerResources: map("dask.workerResources", "CPU and memory of each worker: cpuRequest, cpuLimit, memoryRequest, memoryLimit."),
  daskSchedulerResources: map("dask.schedulerResources", "CPU and memory of its scheduler: cpuRequest, cpuLimit, memoryRequest, memoryLimit."),
  daskStorageSize: text("2Gi", "dask.storageSize", "Size limit of each worker's `/tmp`, where Dask spills what does not fit in memory."),
  daskEnvironment: secret(map("dask.environment", "Additional environment variables of the workers. They are kept in a Secret.")),
  daskNodeSelector: map("dask.nodeSelector", "Labels of the nodes that its pods may run on."),
  daskTolerations: maps("dask.tolerations", "Node taints that its pods tolerate."),
  daskImagePullSecrets: texts("dask.imagePullSecrets", "Secrets in the namespace, separated by commas, used to pull its image."),
  // Monitoring.
  monitoring: flag(true, "monitoring.enabled", "Whether to deploy Prometheus, Alertmanager and Grafana."),
  runbookBaseUrl: text("", "monitoring.runbookBaseUrl", "URL of the folder with the runbooks, to which alerts link. Empty means the dashboard `Runbooks` of Grafana, at Grafana's URL."),
  alertmanager: flag(true, "monitoring.prometheus.alertmanager", "Whether to deploy Alertmanager. Without it, alerts are shown in Prometheus only."),
  kubeStateMetrics: flag(true, "monitoring.prometheus.kubeStateMetrics", "Whether to deploy kube-state-metrics. Without it, crash-looping pods and failed Jobs raise no alert."),
  nodeExporter: flag(true, "monitoring.prometheus.nodeExporter", "Whether to deploy node-exporter, in its own privileged namespace. Disable it on GKE Autopilot, which rejects it."),
  pushgateway: flag(true, "monitoring.prometheus.pushgateway", "Whether to deploy the Pushgateway, to which Jobs can push metrics."),
  nodeExporterPort: whole("", "monitoring.prometheus.nodeExporterPort", "Port of node-exporter on every node, 1024 to 65535. Empty means 9100, or the next free one if another stack of this platform uses that."),
  alertReceivers: secret(map("monitoring.prometheus.receivers", "Alert receivers: `slack`, `email`, `webhook`, `heartbeat`. Empty means that alerts are shown in Alertmanager only.")),
  prometheusRetention: text("15d", "monitoring.prometheus.retention", "Maximum age of metrics, such as 15d."),
  prometheusStorageSize: text("8Gi", "monitoring.prometheus.storageSize", "Size of Prometheus' claim. Before it is full, the oldest metrics are deleted."),
  ...chartPods("prometheus", "monitoring.prometheus", "Prometheus"),
  prometheusChart: text("", "monitoring.prometheus.chart.chart", "Helm chart of Prometheus, as an OCI reference or a path. Empty means the official one."),
  prometheusChartVersion: text("", "monitoring.prometheus.chart.version", "Exact version of that chart. Empty means the one this program was tested with."),
  prometheusValues: map("monitoring.prometheus.values", "Values for that chart, as a map, which override this program's."),
  grafana: flag(true, "monitoring.grafana.enabled", "Whether to deploy Grafana. Disabling it deletes its dashboards and their storage."),
  grafanaNodePort: nodePort("monitoring.grafana.nodePort", "Port of Grafana on every node, 30000 to 32767. 0 means inside the cluster only; empty means 31343 on a local cluster and 0 on any other."),
  grafanaStorageSize: text("1Gi", "monitoring.grafana.storageSize", "Size of Grafana's claim, with users, preferences and the dashboards that users created."),
  ...chartPods("grafana", "monitoring.grafana", "Grafana"),
  grafanaChart: text("", "monitoring.grafana.chart.chart", "Helm chart of Grafana, as an OCI reference or a path. Empty means the official one."),
  grafanaChartVersion: text("", "monitoring.grafana.chart.version", "Exact version of that chart. Empty means the one this program was tested with."),
  grafanaValues: map("monitoring.grafana.values", "Values for that chart, as a map, which override this program's."),
  // Google Cloud.
  gcpProject: text("", { pattern: /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, rule: "be the id of a Google Cloud project, such as mlops-dev-1234" }, "Id of the Google Cloud project. Required with `cluster: gke` or `dataStores: gcp`. Changing it replaces everything there."),
  gcpRegion: text("", { pattern: /^[a-z]+-[a-z]+[0-9]+$/, rule: "be a region of Google Cloud such as europe-west1" }, "Region of everything in Google Cloud, such as europe-west1. Changing it replaces everything there and loses the data."),
  gcpIdentity: choice(GoogleIdentity, "", "How MLflow authenticates to Google, `workload-identity` or `key`. Empty means workload-identity on gke and a service account's key elsewhere; on your own GKE cluster, set workload-identity."),
  gkeMode: choice(GkeMode, GkeMode.Standard, "Kind of GKE cluster, `standard` with its own pool of nodes or `autopilot`. Changing it replaces the cluster.", "gke.mode"),
  gkeZone: text("", { pattern: /^[a-z]+-[a-z]+[0-9]+-[a-z]$/, rule: "be a zone such as europe-west1-b" }, "Zone of a zonal Standard cluster, such as europe-west1-b. Empty means a regional one, with nodes in three zones. Changing it replaces the cluster."),
  gkeMachineType: text("e2-standard-2", "gke.machineType", "Machine type of the nodes, of the e2 family. Changing it replaces the nodes one by one."),
  gkeMinNodes: whole(1, "gke.minNodes", "Minimum number of nodes in each zone."),
  gkeMaxNodes: whole(3, "gke.maxNodes", "Maximum number of nodes in each zone."),
  gkeDiskSizeGb: whole(50, "gke.diskSizeGb", "Disk size of each node in GB. Changing it replaces the nodes one by one."),
  gkeSpot: flag(false, "gke.spot", "Whether the nodes are spot instances, which are cheaper and may be reclaimed at any time."),
  gkeGpu: choice(GpuType, "", "GPU of a second node pool, such as nvidia-l4, which has no nodes until a pod requests one. With gkeMode autopilot there is no pool, and training requests this GPU. Empty means none.", "gke.gpu.type"),
  gkeReleaseChannel: choice(GkeReleaseChannel, GkeReleaseChannel.Regular, "How soon new Kubernetes versions are rolled out: RAPID, REGULAR or STABLE.", "gke.releaseChannel"),
  gkeAuthorizedNetworks: texts("gke.authorizedNetworks", "Networks that can reach the Kubernetes API, as CIDRs separated by commas. Empty means every network, with Google's login."),
  cloudSqlTier: text("", "cloudSql.tier", "Machine type of Cloud SQL. Empty means the smallest dedicated one of the edition, which takes about ten minutes to create; db-f1-micro is the cheapest and takes about 25. Changing it restarts the database."),
  cloudSqlEdition: choice(CloudSqlEdition, CloudSqlEdition.Enterprise, "Edition of Cloud SQL, ENTERPRISE or ENTERPRISE_PLUS.", "cloudSql.edition"),
  cloudSqlAvailability: choice(CloudSqlAvailability, CloudSqlAvailability.Zonal, "ZONAL, or REGIONAL with a standby in a second zone at twice the price.", "cloudSql.availability"),
  cloudSqlDiskSizeGb: whole(10, "cloudSql.diskSizeGb", "Initial size of Cloud SQL's disk in GB. It grows automatically and never shrinks."),
  cloudSqlMaxDiskSizeGb: whole("", "cloudSql.maxDiskSizeGb", "Size in GB up to which the disk grows automatically. Empty means 100, or twice cloudSqlDiskSizeGb if that is more. A full disk stops the database."),
  cloudSqlBackupStartTime: text("02:00", "cloudSql.backupStartTime", "Start in UTC of the four-hour window for the daily backup."),
  cloudSqlTransactionLogRetentionDays: whole(7, "cloudSql.transactionLogRetentionDays", "Days of transaction logs for point-in-time recovery."),
  cloudSqlRetainedBackups: whole("", "cloudSql.retainedBackups", "Number of daily backups to keep. Empty means 7, or cloudSqlTransactionLogRetentionDays if that is more."),
  cloudSqlFlags: map("cloudSql.databaseFlags", "Additional Postgres flags, such as `log_min_duration_statement`. Some restart the database."),
  cloudSqlAddress: choice(CloudSqlAddress, "", "Address that clients of Cloud SQL use, `private` or `public`. Empty means private on gke and public elsewhere, where only the Auth Proxy can connect."),
  bucketVersioning: flag(true, "bucket.versioning", "Whether an overwritten or deleted artifact stays as an older version."),
  bucketNoncurrentVersionDays: whole("", "bucket.noncurrentVersionDays", "Days after which an older version is deleted. Empty means 30. It is billed until then."),
  bucketSoftDeleteDays: whole(7, "bucket.softDeleteDays", "Days for which permanently deleted objects can be restored, 7 to 90, or 0 for none."),
  bucketStorageClass: choice(BucketStorageClass, BucketStorageClass.Standard, "Storage class of new artifacts: STANDARD, NEARLINE, COLDLINE or ARCHIVE.", "bucket.storageClass"),
  // A domain, and who may log in.
  domain: text("", { pattern: /^(?=.{4,200}$)([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/, rule: "be a domain such as mlops.example.org, without scheme, port or wildcard" }, "Domain under which people reach the platform over HTTPS, such as mlops.example.org, with names like mlflow.mlops.example.org. Empty means inside the cluster only."),
  dnsZone: text("", { pattern: /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/, rule: "be the name of a managed zone of Cloud DNS" }, "Cloud DNS managed zone to create the domain's records in. Empty means that you create them yourself from the output dnsRecords."),
  oidcIssuerUrl: text("", { pattern: /^https:\/\/[^\s?#]+$/, rule: "be the https URL of an OIDC issuer" }, "URL of the OIDC issuer whose users may log in. Empty means no login in front of the platform."),
  oidcClientId: text("", { pattern: /^\S+$/, rule: "be the client's id, without spaces" }, "Id of the platform's client at the issuer."),
  oidcClientSecret: secret(text("", { pattern: /^\S+$/, rule: "be the client's secret, without spaces" }, "Secret of that client; set it with `--secret`.")),
  oidcEmailDomain: text("", { pattern: /^([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)+[a-z]{2,}$/, rule: "be the domain of the e-mail addresses that may log in, such as example.org" }, "Domain of the e-mail addresses that may log in, such as example.org."),
  oidcRequireVerifiedEmail: flag(true, "", "Whether the ID token must state that the address is verified, as `email_verified`. Set to false for Entra ID and AD FS, which never send it."),
};

type Settings = typeof settings;

/** Every setting of a stack, checked. Optional ones are undefined where the stack leaves them empty. */
export type PlatformConfig = {
  readonly [Key in keyof Settings]: Settings[Key] extends Setting<infer Value> ? Value : never;
};

export type SettingKey = keyof Settings;

/** Every key that a stack may set. */
export const configKeys = Object.keys(settings) as SettingKey[];

export const settingOf = (key: SettingKey): Setting<unknown> => settings[key];

/** Settings that must be encrypted. */
export const secretKeys = configKeys.filter((key) => settingOf(key).isSecret);
