import * as pulumi from "@pulumi/pulumi";
import { type PlatformService, services } from "../core/services.ts";
import type { NetworkFlow } from "../kubernetes/arguments.ts";
import { nodeExporterPort } from "../monitoring/prometheusValues.ts";
import type { AlertReceivers } from "../monitoring/receivers.ts";
import type { MlopsPlatformArgs } from "./arguments.ts";
import { metadataServer } from "../tracking/googleCredentials.ts";
import { exposureFlows } from "./platformExposure.ts";
import { copyName } from "../backup/names.ts";
import { daskFlows } from "./platformDask.ts";
import { backupFlows, isCopyTarget } from "./platformBackup.ts";
import { modelService, trainingName } from "./platformModels.ts";

const call = (from: string, { name: to, port }: PlatformService) => ({ from, to, port });
const open = ({ name: to, port }: PlatformService) => ({ to, port });

const cloudSqlProxyPort = 3307;

/** Which pods may call which. Ports are those of the pods, not of the Services. */
export function platformFlows(args: MlopsPlatformArgs): NetworkFlow[] {
  const { tracking, models, prediction } = args;
  const flows: NetworkFlow[] = [
    call(services.serving.name, services.tracking),
    call(trainingName, services.tracking),
    call(services.prediction.name, services.serving),
    // whose health its front page shows; it cannot reach services that allow changes without a login
    call(services.prediction.name, services.tracking),
  ];
  flows.push(...storeFlows(services.tracking.name, args));
  if (isCopyTarget(args)) {
    flows.push(...storeFlows(copyName, args), call(copyName, services.tracking));
  }
  if (tracking?.nodePort !== undefined) flows.push(open(services.tracking));
  for (const { name, nodePort } of models) {
    if (nodePort !== undefined)
      flows.push({ ...open(services.serving), toService: modelService(name) });
  }
  if (prediction?.nodePort !== undefined) flows.push(open(services.prediction));
  flows.push(...backupFlows(args, toApiServer(args)));
  return [...flows, ...daskFlows(args), ...exposureFlows(args), ...monitoringFlows(args)];
}

/** To the stores of MLflow. */
function storeFlows(from: string, args: MlopsPlatformArgs): NetworkFlow[] {
  const { database, artifacts, googleCredentials } = args;
  const isBucket = artifacts !== undefined && artifacts.claimName === undefined;
  const hasProxy = database?.proxy !== undefined;
  const toDatabase =
    database === undefined
      ? call(from, services.postgres)
      : { from, port: hasProxy ? cloudSqlProxyPort : database.port };
  if (!isBucket && !hasProxy) return [toDatabase];
  return [
    toDatabase,
    // Google's APIs: the bucket's, and the one that gives the proxy its certificate
    { from, port: 443 },
    ...(googleCredentials === undefined ? metadataServer.map((flow) => ({ from, ...flow })) : []),
  ];
}

// Where API servers listen: policies see the address and port behind the Service `kubernetes`.
const apiServerPorts = [443, 6443, 8443];
const kubeletPort = 10250;

const toApiServer =
  ({ apiServerAddresses }: MlopsPlatformArgs) =>
  (from: string): NetworkFlow[] =>
    apiServerPorts.map((port) => ({
      from,
      ...(apiServerAddresses && { toAddresses: apiServerAddresses, toName: "api-server" }),
      port,
    }));

/** Which pods the monitoring may call. Only Prometheus reaches a port with metrics. */
function monitoringFlows(args: MlopsPlatformArgs): NetworkFlow[] {
  const { monitoring = {} } = args;
  const { prometheus = {}, grafana = {} } = monitoring;
  const callApiServer = toApiServer(args);
  if (monitoring.enabled === false) return [];
  const grafanaName = services.grafana.name;
  const prometheusName = services.prometheus.name;
  const flows: NetworkFlow[] = [
    call(services.prediction.name, services.prometheus),
    ...[services.tracking, services.serving, services.prediction].flatMap((service) =>
      service.metricsPorts.map((port) => ({ from: prometheusName, to: service.name, port })),
    ),
    ...callApiServer(prometheusName),
  ];
  if (!args.namespaceOnly) flows.push({ from: prometheusName, port: kubeletPort });
  if (prometheus.nodeExporter !== false && !args.namespaceOnly) {
    flows.push({ from: prometheusName, port: prometheus.nodeExporterPort ?? nodeExporterPort });
  }
  if (prometheus.kubeStateMetrics !== false) {
    flows.push(call(prometheusName, services.kubeStateMetrics));
    flows.push(...callApiServer(services.kubeStateMetrics.name));
  }
  if (prometheus.pushgateway !== false) {
    flows.push(call(prometheusName, services.pushgateway));
    flows.push(call(trainingName, services.pushgateway));
  }
  if (prometheus.alertmanager !== false) {
    flows.push(call(prometheusName, services.alertmanager));
    const ports = receiverPorts(prometheus.receivers ?? {});
    flows.push(...ports.map((port) => ({ from: services.alertmanager.name, port })));
  }
  if (grafana.enabled !== false) {
    flows.push(call(grafanaName, services.prometheus), ...callApiServer(grafanaName));
    flows.push(call(services.prediction.name, services.grafana));
    if (prometheus.alertmanager !== false) {
      flows.push(call(grafanaName, services.alertmanager));
    }
    if (grafana.nodePort !== undefined) flows.push(open(services.grafana));
  }
  return flows;
}

function receiverPorts(receivers: AlertReceivers): pulumi.Output<number>[] {
  const { email, slack, webhook, heartbeat } = receivers;
  const urls = [
    email && pulumi.interpolate`smtp://${email.smarthost}`,
    slack?.webhookUrl,
    webhook?.url,
    heartbeat?.url,
  ];
  // the port is not secret, although the URL is
  return urls
    .filter((url) => url !== undefined)
    .map((url) => pulumi.unsecret(pulumi.output(url).apply(portOf)));
}

function portOf(text: string): number {
  const { protocol, port } = new URL(text);
  return port === "" ? (protocol === "http:" ? 80 : 443) : Number(port);
}
