import type * as pulumi from "@pulumi/pulumi";
import { databaseMetricsPort, metricsPort } from "../core/services.ts";
import {
  containerResources,
  containerSecurity,
  environment,
  metricsPorts,
} from "../kubernetes/pods.ts";
import type { TrackingServerArgs } from "./arguments.ts";
import { databasePassword } from "./connections.ts";

const countsFolder = "/run/mlflow-metrics";

/** Where the server's processes write their counts and the sidecar reads them. */
export const counts = {
  environment: { PROMETHEUS_MULTIPROC_DIR: countsFolder },
  mount: { name: "counts", mountPath: countsFolder },
  volume: { name: "counts", emptyDir: { sizeLimit: "128Mi" } },
};

/**
 * Containers next to the server that Prometheus scrapes: one for its requests, one for its database. They have no probes:
 * the server takes requests even if they fail.
 */
export function metricsContainers(
  { image, database }: Pick<TrackingServerArgs, "image" | "database">,
  serverPort: number,
  settingsName: pulumi.Input<string>,
) {
  const common = {
    image,
    resources: containerResources({
      cpuRequest: "10m",
      cpuLimit: "500m",
      memoryRequest: "32Mi",
      memoryLimit: "96Mi",
    }),
    securityContext: containerSecurity,
  };
  return [
    {
      ...common,
      name: "metrics",
      args: ["metrics"],
      env: environment({
        METRICS_PORT: `${metricsPort}`,
        MLFLOW_PORT: `${serverPort}`,
        ...counts.environment,
      }),
      ports: metricsPorts(metricsPort),
      volumeMounts: [{ ...counts.mount, readOnly: true }],
    },
    {
      ...common,
      name: "database-metrics",
      args: ["database-metrics"],
      env: [
        ...environment({ METRICS_PORT: `${databaseMetricsPort}` }, settingsName, {
          MLFLOW_BACKEND_STORE_URI: "store-uri",
        }),
        ...databasePassword(database),
      ],
      ports: metricsPorts(databaseMetricsPort, "db-metrics"),
    },
  ];
}
