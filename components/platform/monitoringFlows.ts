import * as pulumi from "@pulumi/pulumi";
import type { NetworkFlowArgs } from "../kubernetes/arguments.ts";
import { metricsPort } from "../kubernetes/pods.ts";
import { nodeExporterPort } from "../monitoring/prometheusValues.ts";
import type { AlertReceiversArgs } from "../monitoring/receivers.ts";
import { databaseMetricsPort } from "../tracking/trackingMetrics.ts";
import type { MlopsPlatformArgs } from "./arguments.ts";

// Where API servers listen: policies see the address and port behind the Service `kubernetes`.
const apiServerPorts = [443, 6443, 8443];
const kubeletPort = 10250;

/** Whom the monitoring may call. Nobody but Prometheus reaches a port with metrics. */
export function monitoringFlows(args: MlopsPlatformArgs): NetworkFlowArgs[] {
  const { monitoring = {}, apiServerAddresses } = args;
  const { prometheus = {}, grafana = {} } = monitoring;
  const toApiServer = (from: string): NetworkFlowArgs[] =>
    apiServerPorts.map((port) => ({
      from,
      ...(apiServerAddresses && { toAddresses: apiServerAddresses, toName: "api-server" }),
      port,
    }));
  if (monitoring.enabled === false) return [];
  const flows: NetworkFlowArgs[] = [
    { from: "prometheus", to: "mlflow", port: metricsPort },
    { from: "prometheus", to: "mlflow", port: databaseMetricsPort },
    { from: "prometheus", to: "model-server", port: metricsPort },
    { from: "prometheus", to: "prediction-app", port: metricsPort },
    { from: "prometheus", port: kubeletPort },
    ...toApiServer("prometheus"),
  ];
  if (prometheus.nodeExporter !== false) {
    flows.push({ from: "prometheus", port: prometheus.nodeExporterPort ?? nodeExporterPort });
  }
  if (prometheus.kubeStateMetrics !== false) {
    flows.push({ from: "prometheus", to: "kube-state-metrics", port: 8080 });
    flows.push(...toApiServer("kube-state-metrics"));
  }
  if (prometheus.pushgateway !== false) {
    flows.push({ from: "prometheus", to: "prometheus-pushgateway", port: 9091 });
    flows.push({ from: "training", to: "prometheus-pushgateway", port: 9091 });
  }
  if (prometheus.alertmanager !== false) {
    flows.push({ from: "prometheus", to: "alertmanager", port: 9093 });
    const ports = receiverPorts(prometheus.receivers ?? {});
    flows.push(...ports.map((port) => ({ from: "alertmanager", port })));
  }
  if (grafana.enabled !== false) {
    flows.push({ from: "grafana", to: "prometheus", port: 9090 }, ...toApiServer("grafana"));
    if (prometheus.alertmanager !== false) {
      flows.push({ from: "grafana", to: "alertmanager", port: 9093 });
    }
    if (grafana.nodePort !== undefined) flows.push({ to: "grafana", port: 3000 });
  }
  return flows;
}

function receiverPorts(receivers: AlertReceiversArgs): pulumi.Output<number>[] {
  const { email, slack, webhook, heartbeat } = receivers;
  const urls = [
    email && pulumi.interpolate`smtp://${email.smarthost}`,
    slack?.webhookUrl,
    webhook?.url,
    heartbeat?.url,
  ];
  // a port is no secret, though the URL is one
  return urls
    .filter((url) => url !== undefined)
    .map((url) => pulumi.unsecret(pulumi.output(url).apply(portOf)));
}

function portOf(text: string): number {
  const { protocol, port } = new URL(text);
  return port === "" ? (protocol === "http:" ? 80 : 443) : Number(port);
}
