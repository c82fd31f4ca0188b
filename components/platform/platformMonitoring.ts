import type * as pulumi from "@pulumi/pulumi";
import { alertRules } from "../monitoring/alerts/index.ts";
import { Grafana } from "../monitoring/grafana.ts";
import type { MlopsPlatformArgs } from "./arguments.ts";
import { Prometheus } from "../monitoring/prometheus.ts";
import type { ChartArgs } from "../monitoring/charts.ts";
import type { ChartValues } from "../monitoring/chartValues.ts";
import type { MetadataArgs } from "../kubernetes/metadata.ts";
import { publicGrafanaUrl } from "./platformExposure.ts";
import type { AlertReceiversArgs } from "../monitoring/receivers.ts";

/** What watches the platform. Every part is on unless it is switched off. */
export interface PlatformMonitoringArgs {
  /** Whether there is any monitoring. Defaults to true. Switching it off deletes the metrics and Grafana's database. */
  enabled?: boolean;
  /** Whether Grafana is part of it. Defaults to true. Switching it off deletes its database. */
  grafana?: boolean;
  /** Whether Alertmanager is part of it. Defaults to true. Without it alerts are seen in Prometheus only. */
  alertmanager?: boolean;
  /** Whether kube-state-metrics is part of it. Defaults to true. Without it crash-looping pods and failed Jobs raise no alert. */
  kubeStateMetrics?: boolean;
  /** Whether node-exporter is part of it, in a privileged namespace of its own. Defaults to true. GKE Autopilot refuses it. */
  nodeExporter?: boolean;
  /** Port of node-exporter on every node. Defaults to 9100. Another node-exporter in the cluster needs another port. */
  nodeExporterPort?: number;
  /** Whether the Pushgateway is part of it. Defaults to true. */
  pushgateway?: boolean;
  /** How long metrics are kept at most, such as `15d`, the default. */
  retention?: string;
  /** Size of the metrics' claim. Defaults to `8Gi`; the oldest metrics are dropped before it is full. */
  storageSize?: string;
  /** Who is told of alerts. Defaults to nobody: alerts are then seen in Alertmanager only. */
  receivers?: AlertReceiversArgs;
  /** URL of the folder with the runbooks, to which alerts link. Defaults to their path in the repository. */
  runbookBaseUrl?: string;
  /** Helm chart of Prometheus. Defaults to the official one. */
  prometheusChart?: ChartArgs;
  /** Values for that chart, which win over those of this package. */
  prometheusValues?: ChartValues;
  /** Helm chart of Grafana. Defaults to the official one. */
  grafanaChart?: ChartArgs;
  /** Values for that chart, which win over those of this package. */
  grafanaValues?: ChartValues;
  /** Registry that mirrors the images of both charts. Defaults to the registries that the charts name. */
  imageRegistry?: string;
}

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
