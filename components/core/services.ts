/** Where one Service of the platform answers. */
export interface PlatformService {
  /** Name of the Service, and of its pods under `app.kubernetes.io/name`. */
  readonly name: string;
  /** TCP port of the Service and of its pods. */
  readonly port: number;
  /** Path that a healthy pod answers with 200, without a login. */
  readonly healthPath?: string;
  /** Ports on which its pods answer `/metrics`, for Prometheus only. */
  readonly metricsPorts?: readonly number[];
}

/** Port on which our own programs answer `/metrics`. */
export const metricsPort = 9464;
/** Port on which the tracking server's pods answer for the database. */
export const databaseMetricsPort = 9187;

/** ConfigMap with what the prediction page of this name lists. */
export const pageListName = (page: string) => `${page}-services`;

/** Every Service of a platform, once: classes, network policies, the gateway, identities and `connect` read it here. */
export const services = {
  postgres: { name: "postgres", port: 5432 },
  tracking: {
    name: "mlflow",
    port: 5000,
    healthPath: "/health",
    metricsPorts: [metricsPort, databaseMetricsPort],
  },
  serving: { name: "model-server", port: 8080, healthPath: "/health", metricsPorts: [metricsPort] },
  prediction: {
    name: "prediction-app",
    port: 8501,
    healthPath: "/_stcore/health",
    metricsPorts: [metricsPort],
  },
  /** Scheduler of the Dask cluster that notebooks share, and its workers. */
  dask: { name: "dask", port: 8786, metricsPorts: [metricsPort] },
  daskWorkers: { name: "dask-workers", port: 8788, metricsPorts: [metricsPort] },
  prometheus: { name: "prometheus", port: 9090, healthPath: "/-/ready" },
  alertmanager: { name: "alertmanager", port: 9093, healthPath: "/-/ready" },
  grafana: { name: "grafana", port: 3000, healthPath: "/api/health" },
  kubeStateMetrics: { name: "kube-state-metrics", port: 8080 },
  pushgateway: { name: "prometheus-pushgateway", port: 9091 },
} as const satisfies Record<string, PlatformService>;
