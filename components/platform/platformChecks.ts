import type * as pulumi from "@pulumi/pulumi";
import { checkWhole, ensure, isDnsLabel, isNodePort, refuse } from "../core/checks.ts";
import { checkedStorageSize } from "../kubernetes/claims.ts";
import { checkRanges } from "../kubernetes/networkFlows.ts";
import { checkChart } from "../monitoring/charts.ts";
import { nodeExporterPort } from "../monitoring/prometheusValues.ts";
import { checkReceivers } from "../monitoring/receivers.ts";
import { checkedStorage } from "../monitoring/retention.ts";
import { checkCredentials } from "../tracking/googleCredentials.ts";
import { checkTrainingGpu } from "../training/arguments.ts";
import type { MlopsPlatformArgs } from "./arguments.ts";
import { checkExposure } from "./platformExposure.ts";

/** Refuses what one of the parts would refuse, under the name that the caller gave it, before anything is registered. */
export function checkPlatformArguments(subject: string, args: MlopsPlatformArgs): void {
  ensure(
    subject,
    "namespace",
    args.namespace ?? "mlops",
    isDnsLabel,
    "be a DNS label such as mlops: small letters, digits and dashes",
  );
  const { enabled = true, nodeExporter = true } = args.monitoring ?? {};
  refuse(
    subject,
    enabled && nodeExporter && !isDnsLabel(`${args.namespace ?? "mlops"}-node-exporter`),
    "namespace must have 49 characters at most, for node-exporter's namespace is named after it; shorten it or set monitoring.nodeExporter to false",
  );
  refuse(
    subject,
    args.database === undefined && args.images.postgres === undefined,
    "images.postgres must be given for a database in the cluster; add it or pass database",
  );
  const onVolume = args.artifacts === undefined || args.artifacts.claimName !== undefined;
  checkWhole(subject, "trackingReplicas", args.trackingReplicas ?? 1, 1, 20);
  refuse(
    subject,
    onVolume && (args.trackingReplicas ?? 1) > 1,
    "trackingReplicas must be 1 while artifacts are on a ReadWriteOnce volume; pass artifacts in a bucket or set it to 1",
  );
  checkWhole(subject, "servingReplicas", args.servingReplicas ?? 1, 1, 100);
  refuse(
    subject,
    args.servingReplicas !== undefined && args.servingAutoscaling !== undefined,
    "servingReplicas and servingAutoscaling exclude each other; leave one of them out",
  );
  checkWhole(subject, "predictionReplicas", args.predictionReplicas ?? 1, 1, 100);

  const { databaseStorageSize, artifactStorageSize, monitoring = {} } = args;
  const storage = (
    argument: string,
    storageSize: pulumi.Input<string> | undefined,
    usual: string,
  ) => checkedStorageSize(subject, { storageSize }, usual, argument);
  storage("databaseStorageSize", databaseStorageSize, "8Gi");
  storage("artifactStorageSize", artifactStorageSize, "20Gi");
  checkedStorage(subject, monitoring, "monitoring.");
  const exporterPort = monitoring.nodeExporterPort ?? nodeExporterPort;
  checkWhole(subject, "monitoring.nodeExporterPort", exporterPort, 1024, 65535);
  checkReceivers(subject, monitoring.receivers, "monitoring.receivers");
  checkChart(subject, monitoring.prometheusChart, "monitoring.prometheusChart");
  checkChart(subject, monitoring.grafanaChart, "monitoring.grafanaChart");
  checkCredentials(subject, args.googleCredentials);
  checkExposure(subject, args);
  checkTrainingGpu(subject, args.trainingGpu, "trainingGpu");
  checkRanges(subject, "apiServerAddresses", args.apiServerAddresses);
  checkRanges(subject, "dnsAddresses", args.dnsAddresses);

  const { tracking, serving, prediction, grafana } = args.nodePorts ?? {};
  const ports = Object.entries({ tracking, serving, prediction, grafana });
  for (const [service, port = 30000] of ports) {
    ensure(subject, `nodePorts.${service}`, port, isNodePort, "be between 30000 and 32767");
  }
  const used = ports.flatMap(([, port]) => port ?? []);
  refuse(
    subject,
    new Set(used).size < used.length,
    "nodePorts must differ from each other; choose another port",
  );
}
