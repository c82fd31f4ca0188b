import * as pulumi from "@pulumi/pulumi";
import type { NamespacedArgs } from "../kubernetes/arguments.ts";
import { alertRules } from "../monitoring/alerts/index.ts";
import { Grafana, grafanaUrl } from "../monitoring/grafana.ts";
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
  common: NamespacedArgs,
  args: MlopsPlatformArgs,
  child: { parent: pulumi.Resource },
): MonitoringAddresses {
  const {
    monitoring = {},
    imageMirror,
    storageClassName,
    nodeAddress,
    paused,
    namespaceOnly,
  } = args;
  if (monitoring.enabled === false) return {};
  const { runbookBaseUrl, prometheus: settings = {} } = monitoring;
  const { enabled: hasGrafana = true, ...grafanaSettings } = monitoring.grafana ?? {};
  const charts = { ...common, imageMirror, storageClassName, paused };
  const grafanaArgs = {
    ...grafanaSettings,
    ...charts,
    nodeAddress,
    publicUrl: publicGrafanaUrl(args),
  };
  const models = args.models.filter(({ monitor = true }) => monitor).map((model) => model.name);
  const ownAlerts = pulumi.output(hasGrafana ? grafanaUrl(grafanaArgs) : undefined).apply((url) =>
    alertRules({
      models,
      runbookBaseUrl,
      grafanaUrl: url,
      alertmanager: settings.alertmanager,
    }),
  );
  const prometheus = new Prometheus(
    `${name}-prometheus`,
    { ...settings, ...charts, namespaceOnly, alertRules: settings.alertRules ?? ownAlerts },
    child,
  );
  const { url: prometheusUrl, alertmanagerUrl } = prometheus;
  if (!hasGrafana) return { prometheusUrl, alertmanagerUrl };
  const grafana = new Grafana(
    `${name}-grafana`,
    { ...grafanaArgs, prometheusUrl, alertmanagerUrl },
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
