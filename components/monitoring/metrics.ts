/** Who answers Prometheus, and the labels that all its series have. */
export interface Exporter {
  title: string;
  /** Where it runs, and what happens without it. */
  where: string;
  targetLabels: readonly string[];
}

const ofServer = ["instance", "job"];
const ofPod = ["namespace", "pod", "container", "node", "application", "monitor", ...ofServer];
/** Label of every series of the model servers and the page: the registered name of the model. */
const ofModel = [...ofPod, "model"];
const ofService = ["namespace", "service", "node", ...ofServer];
const ofNode = ["node", ...ofServer];

export const exporters = {
  mlflow: {
    title: "MLflow",
    where: "the container `metrics` next to the tracking server",
    targetLabels: ofPod,
  },
  postgres: {
    title: "Postgres exporter",
    where: "the container `database-metrics` next to the tracking server",
    targetLabels: ofPod,
  },
  modelServer: { title: "Model server", where: "every pod of it", targetLabels: ofModel },
  predictionApp: { title: "Prediction page", where: "every pod of it", targetLabels: ofModel },
  dask: {
    title: "Dask",
    where: "scheduler and workers of a training with `cluster`, as long as it runs",
    targetLabels: ofPod,
  },
  kubelet: { title: "Kubelet", where: "every node", targetLabels: ofNode },
  cadvisor: { title: "cAdvisor", where: "inside the kubelet of every node", targetLabels: ofNode },
  nodeExporter: {
    title: "node-exporter",
    where: "every node; without it the forms of cAdvisor are used",
    targetLabels: ofService,
  },
  kubeStateMetrics: {
    title: "kube-state-metrics",
    where: "one pod; not part of the stand-in charts",
    targetLabels: ofService,
  },
  prometheus: { title: "Prometheus", where: "itself", targetLabels: ofServer },
  pushgateway: {
    title: "Backup",
    where: "the Pushgateway, to which the Job pushes after each backup",
    targetLabels: ofService,
  },
  alertmanager: { title: "Alertmanager", where: "one pod", targetLabels: ofServer },
} as const satisfies Record<string, Exporter>;

export type ExporterName = keyof typeof exporters;

/** A series that our dashboards and alerts may use. */
export interface Metric {
  exporter: ExporterName;
  /** Own labels, in addition to those of its exporter. */
  labels: readonly string[];
  meaning: string;
}

const of =
  (exporter: ExporterName) =>
  (meaning: string, ...labels: string[]): Metric => ({ exporter, labels, meaning });

const backup = of("pushgateway");
const mlflow = of("mlflow");
const postgres = of("postgres");
const model = of("modelServer");
const page = of("predictionApp");
const dask = of("dask");
const kubelet = of("kubelet");
const cadvisor = of("cadvisor");
/** Of a group of processes: the node's is `id="/"`, and a pod's and a container's carry their names. */
const container = (meaning: string, ...labels: string[]) =>
  cadvisor(meaning, "id", "name", "image", "namespace", "pod", "container", ...labels);
const node = of("nodeExporter");
const state = of("kubeStateMetrics");
const prometheus = of("prometheus");
const alertmanager = of("alertmanager");

/** All metrics of the platform. A query that uses another metric or label fails a test. */
// prettier-ignore
export const metrics: Readonly<Record<string, Metric>> = {
  // made by Prometheus for every target, and for every alert
  up: prometheus("1 while the target can be read, else 0", ...ofPod, "service"),
  ALERTS: prometheus("1 for every alert that is pending or fires", "alertname", "alertstate", "severity", "model", ...ofPod),

  mlflow_up: mlflow("1 while the tracking server answers, else 0"),
  mlflow_http_request_total: mlflow("requests answered; probes do not count", "method", "route", "status"),
  mlflow_http_request_duration_seconds_bucket: mlflow("time to answer", "method", "route", "le"),

  pg_up: postgres("1 while Postgres takes connections, else 0"),
  pg_stat_database_numbackends: postgres("open connections", "datname", "server"),
  pg_stat_database_xact_commit: postgres("transactions committed", "datname", "server"),
  pg_stat_database_xact_rollback: postgres("transactions rolled back", "datname", "server"),
  pg_settings_max_connections: postgres("most connections allowed", "server"),
  pg_database_size_bytes: postgres("bytes on disk", "datname", "server"),

  model_server_up: model("1 while the server answers, with a version or without"),
  model_info: model("1 for the version that is served", "alias", "model_version", "run_id"),
  model_requests_total: model("prediction requests answered", "model_version", "status"),
  model_request_errors_total: model("those answered with 400 or above", "model_version", "status"),
  model_request_duration_seconds_bucket: model("time to answer", "model_version", "le"),
  model_predicted_rows_total: model("rows predicted", "model_version"),
  model_requests_in_flight: model("requests being answered"),
  model_loads_total: model("versions loaded and put into service", "model_version"),
  model_load_failures_total: model("attempts to load a version that failed", "model_version"),
  model_load_crashes_total: model("attempts that crashed, ran out of memory or never ended", "model_version", "cause"),
  model_registry_errors_total: model("looks at the alias that MLflow did not answer"),
  model_prediction_value_bucket: model("predicted values", "model_version", "le"),
  model_prediction_value_sum: model("sum of the predicted values", "model_version"),
  model_prediction_value_count: model("number of predicted values", "model_version"),
  model_input_drift_psi: model("population stability index against the training data", "model_version", "feature"),
  model_input_drift_rows: model("rows the index is computed from", "model_version"),

  prediction_app_sessions: page("open browser sessions"),
  prediction_app_runs_total: page("runs of the page's script"),
  prediction_app_run_errors_total: page("runs that ended with an error"),
  prediction_app_run_duration_seconds_bucket: page("time of a run", "le"),
  prediction_app_predictions_total: page("rows predicted"),
  prediction_app_model_server_requests_total: page("requests to the model server, by what came of them", "request", "outcome"),

  dask_scheduler_workers: dask("workers of the scheduler", "state"),
  dask_scheduler_workers_removed_total: dask("workers that have left it"),
  dask_scheduler_tasks: dask("tasks that it knows", "state"),
  dask_worker_memory_bytes: dask("memory of the worker", "type"),

  kubelet_running_pods: kubelet("pods that run"),
  kubelet_volume_stats_used_bytes: kubelet("bytes in use", "namespace", "persistentvolumeclaim"),
  kubelet_volume_stats_available_bytes: kubelet("bytes left", "namespace", "persistentvolumeclaim"),

  machine_cpu_cores: cadvisor("cores of the node"),
  machine_memory_bytes: cadvisor("memory of the node"),
  container_cpu_usage_seconds_total: container("processor time used", "cpu"),
  container_memory_working_set_bytes: container("memory that cannot be reclaimed"),
  container_fs_usage_bytes: container("bytes in use on a device", "device"),
  container_fs_limit_bytes: container("bytes of a device", "device"),
  container_network_receive_bytes_total: container("bytes received", "interface"),
  container_network_transmit_bytes_total: container("bytes sent", "interface"),

  node_cpu_seconds_total: node("time of each processor", "cpu", "mode"),
  node_memory_MemTotal_bytes: node("memory of the node"),
  node_memory_MemAvailable_bytes: node("memory that programs can have"),
  node_filesystem_size_bytes: node("bytes in all", "device", "fstype", "mountpoint"),
  node_filesystem_free_bytes: node("bytes not in use, also those that only root may fill", "device", "fstype", "mountpoint"),
  node_filesystem_avail_bytes: node("bytes left", "device", "fstype", "mountpoint"),
  node_network_receive_bytes_total: node("bytes received", "device"),
  node_network_transmit_bytes_total: node("bytes sent", "device"),

  kube_pod_status_phase: state("1 for the phase of the pod", "pod", "phase", "uid"),
  kube_node_status_allocatable: state("what pods can have of a node", "resource", "unit"),
  kube_pod_container_status_restarts_total: state("restarts of a container", "pod", "container", "uid"),
  kube_pod_container_status_waiting_reason: state("1 for the reason why a container waits", "pod", "container", "reason", "uid"),
  kube_job_failed: state("1 when the Job gave up", "job_name", "condition"),
  kube_pod_labels: state("1, with the labels that are let through", "pod", "label_mlops_platform_monitor"),
  kube_job_labels: state("1, with the labels that are let through", "job_name", "label_mlops_platform_monitor"),

  mlops_backup_last_success_timestamp_seconds: backup("when the last good backup ended"),
  mlops_backup_duration_seconds: backup("how long it took"),
  mlops_backup_max_age_seconds: backup("how old it may be"),
  mlops_backup_size_bytes: backup("what it holds"),
  mlops_backup_stored_bytes: backup("what all backups take at the destination"),
  mlops_backup_verified: backup("1 when the last backup that was read back was complete"),
  mlops_backup_destination_free_bytes: backup("bytes left on the volume with the backups"),
  mlops_backup_destination_size_bytes: backup("bytes of the volume with the backups"),

  prometheus_config_last_reload_successful: prometheus("1 when the configuration is good"),
  prometheus_rule_evaluation_failures_total: prometheus("rules that failed", "rule_group"),
  prometheus_target_sync_failed_total: prometheus("targets not set up", "scrape_job"),
  prometheus_target_scrapes_sample_out_of_order_total: prometheus("samples dropped as too old"),
  prometheus_target_scrapes_sample_duplicate_timestamp_total: prometheus("samples dropped as written twice"),
  prometheus_tsdb_compactions_failed_total: prometheus("compactions that failed"),
  prometheus_tsdb_size_retentions_total: prometheus("blocks deleted because of their size"),
  prometheus_notifications_alertmanagers_discovered: prometheus("Alertmanagers known"),
  prometheus_notifications_errors_total: prometheus("alerts not accepted", "alertmanager"),
  prometheus_notifications_sent_total: prometheus("alerts sent", "alertmanager"),

  alertmanager_build_info: alertmanager("1, with the version as a label", "version"),
  alertmanager_config_last_reload_successful: alertmanager("1 when the configuration is good"),
  alertmanager_notifications_total: alertmanager("notifications sent", "integration"),
  alertmanager_notifications_failed_total: alertmanager("notifications that failed", "integration", "reason"),
};

/** Every label that a series of this metric can have. */
export const labelsOf = ({ exporter, labels }: Metric): string[] => [
  ...new Set([...exporters[exporter].targetLabels, ...labels]),
];
