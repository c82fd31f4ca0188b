/**
 * The one table of versions that the components must know. The MLflow version names the Deployment: a
 * change of it migrates, stops the old server, and starts the new one.
 */
export const versions = {
  /** Must equal the pin in apps/tracking/requirements.txt; a test compares them. */
  mlflow: "3.18.0",
  /** Charts whose keys are listed in test/contract/chartKeys; a new version needs a new list. */
  prometheusChart: "29.27.0",
  grafanaChart: "12.11.1",
  /** The newest release whose digest two independent sources agree on. */
  cloudSqlProxy:
    "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.25.4@sha256:88501f0a695a586988add1b8a206fdf3f29f9a1a3deeb9b45ef2b1481ea6be83",
  /** Must equal the pin in test/support/oauth2Proxy/go.mod; a test compares them. */
  oauth2Proxy:
    "quay.io/oauth2-proxy/oauth2-proxy:v7.15.3@sha256:10a1165743a192e1940b4708fb9647027185ce11a681a1c5519b442ff7f1f561",
} as const;

/** What the two charts deploy at these versions: they are sent these, so that they deploy nothing else. */
export const chartImages = {
  prometheus: "quay.io/prometheus/prometheus:v3.14.0",
  alertmanager: "quay.io/prometheus/alertmanager:v0.34.0",
  nodeExporter: "quay.io/prometheus/node-exporter:v1.12.1",
  pushgateway: "quay.io/prometheus/pushgateway:v1.11.3",
  kubeStateMetrics: "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.20.0",
  grafana: "docker.io/grafana/grafana:13.2.0",
  grafanaSidecar: "quay.io/kiwigrid/k8s-sidecar:2.10.1",
} as const;
