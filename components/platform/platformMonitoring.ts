import type * as pulumi from "@pulumi/pulumi";
import type { MetadataArgs } from "../kubernetes/arguments.ts";
import { alertRules } from "../monitoring/alerts/index.ts";
import { Grafana } from "../monitoring/grafana.ts";
import { Prometheus } from "../monitoring/prometheus.ts";
import type { MlopsPlatformArgs } from "./arguments.ts";
import { publicGrafanaUrl } from "./platformExposure.ts";

/** Where people and notebooks find the monitoring; what is switched off has no address. */
export interface MonitoringAddresses {
  prometheusUrl?: pulumi.Output<string>;
  alertmanagerUrl?: pulumi.Output<string>;
  grafanaUrl?: pulumi.Output<string>;
  grafanaAdminUsername?: pulumi.Output<string>;
  grafanaAdminPassword?: pulumi.Output<string>;
}

/** Prometheus with the platform's alerts, and Grafana with its dashboards. */
export function monitoringInCluster(
  name: string,
  common: MetadataArgs,
  args: MlopsPlatformArgs,
  child: { parent: pulumi.Resource },
): MonitoringAddresses {
  const { monitoring = {}, storageClassName, nodePorts, nodeAddress } = args;
  if (monitoring.enabled === false) return {};
  const { imageRegistry, runbookBaseUrl, alertmanager } = monitoring;
  const { paused } = args;
  const prometheus = new Prometheus(
    `${name}-prometheus`,
    {
      ...common,
      chart: monitoring.prometheusChart,
      imageRegistry,
      storageClassName,
      storageSize: monitoring.storageSize,
      retention: monitoring.retention,
      alertmanager,
      kubeStateMetrics: monitoring.kubeStateMetrics,
      nodeExporter: monitoring.nodeExporter,
      nodeExporterPort: monitoring.nodeExporterPort,
      pushgateway: monitoring.pushgateway,
      alertRules: alertRules({ runbookBaseUrl, alertmanager }),
      receivers: monitoring.receivers,
      paused,
      values: monitoring.prometheusValues,
    },
    child,
  );
  const { url: prometheusUrl, alertmanagerUrl } = prometheus;
  if (monitoring.grafana === false) return { prometheusUrl, alertmanagerUrl };
  const grafana = new Grafana(
    `${name}-grafana`,
    {
      ...common,
      chart: monitoring.grafanaChart,
      imageRegistry,
      storageClassName,
      prometheusUrl,
      alertmanagerUrl,
      nodePort: nodePorts?.grafana,
      nodeAddress,
      publicUrl: publicGrafanaUrl(args),
      paused,
      values: monitoring.grafanaValues,
    },
    child,
  );
  return {
    prometheusUrl,
    alertmanagerUrl,
    grafanaUrl: grafana.externalUrl,
    grafanaAdminUsername: grafana.adminUsername,
    grafanaAdminPassword: grafana.adminPassword,
  };
}
