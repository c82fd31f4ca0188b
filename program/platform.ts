import type { Cluster } from "./cluster.ts";
import type { MlopsPlatformArgs } from "../components/index.ts";
import type { PlatformConfig } from "./settings.ts";
import type { DataStores } from "./stores.ts";
import { imageOfModel, imageReference, imageRegistryOf } from "./images.ts";
import { hasTrainingCode, readModelFile } from "./models.ts";
import type { PublicDomain } from "./domain.ts";

/** 0 keeps a port closed. */
const openPort = (port: number | undefined) => (port === 0 ? undefined : port);

/** The platform that the stack's settings describe, on this cluster and with these stores. */
export function platformArguments(
  config: PlatformConfig,
  cluster: Cluster,
  stores?: DataStores,
  domain?: PublicDomain,
): MlopsPlatformArgs {
  const { servingMaxReplicas } = config;
  const orElse = <T>(ranges: readonly string[], otherwise?: T) =>
    ranges.length > 0 ? [...ranges] : otherwise;
  const imageRegistry = imageRegistryOf(config);
  const isTrained = hasTrainingCode(config.modelName);
  const resources = isTrained ? readModelFile(config.modelName).resources : undefined;
  return {
    namespace: config.namespace,
    images: {
      tracking: imageReference("tracking", imageRegistry),
      serving: imageReference(imageOfModel(config.modelName), imageRegistry),
      predict: imageReference("predict", imageRegistry),
      postgres: config.postgresImage ?? imageReference("postgres", imageRegistry),
    },
    database: stores?.database,
    artifacts: stores?.artifacts,
    googleCredentials: stores?.googleCredentials,
    exposure: domain?.exposure,
    paused: config.paused,
    databaseStorageSize: config.databaseStorageSize,
    artifactStorageSize: config.artifactStorageSize,
    storageClassName: config.storageClassName,
    modelName: config.modelName,
    modelAlias: config.modelAlias,
    experimentName: config.experimentName,
    trackingReplicas: config.trackingReplicas,
    ...(servingMaxReplicas === undefined
      ? { servingReplicas: config.servingReplicas }
      : {
          servingAutoscaling: {
            minReplicas: config.servingReplicas,
            maxReplicas: servingMaxReplicas,
          },
        }),
    servingAllowPickle: config.servingAllowPickle,
    servingResources: resources?.serving,
    predictionReplicas: config.predictionReplicas,
    nodePorts: {
      tracking: openPort(config.trackingNodePort),
      serving: openPort(config.servingNodePort),
      prediction: openPort(config.predictionNodePort),
      grafana: openPort(config.grafanaNodePort),
    },
    nodeAddress: cluster.nodeAddress,
    apiServerAddresses: orElse(config.apiServerAddresses, cluster.apiServerAddresses),
    dnsAddresses: orElse(config.dnsAddresses),
    trainExampleModel: config.trainExampleModel && isTrained,
    trainingSchedule: config.trainingSchedule,
    trainingResources: resources?.training,
    trainingGpu: config.trainingGpu ? { type: config.gkeGpu } : undefined,
    monitoring: {
      enabled: config.monitoring,
      grafana: config.grafana,
      alertmanager: config.alertmanager,
      kubeStateMetrics: config.kubeStateMetrics,
      nodeExporter: config.nodeExporter,
      nodeExporterPort: config.nodeExporterPort,
      pushgateway: config.pushgateway,
      retention: config.prometheusRetention,
      storageSize: config.prometheusStorageSize,
      receivers: config.alertReceivers,
      runbookBaseUrl: config.runbookBaseUrl,
      prometheusChart: { chart: config.prometheusChart, version: config.prometheusChartVersion },
      prometheusValues: config.prometheusValues,
      grafanaChart: { chart: config.grafanaChart, version: config.grafanaChartVersion },
      grafanaValues: config.grafanaValues,
      imageRegistry: config.monitoringImageRegistry,
    },
  };
}

/** Every namespace that the platform makes. */
export function platformNamespaces({
  namespace,
  monitoring,
  nodeExporter,
}: PlatformConfig): string[] {
  return [namespace, ...(monitoring && nodeExporter ? [`${namespace}-node-exporter`] : [])];
}
