import type { Cluster } from "./cluster.ts";
import type { MlopsPlatformArgs } from "../components/index.ts";
import type { PlatformConfig } from "./settings.ts";
import type { DataStores } from "./stores.ts";
import { imageReference, imageRegistryOf } from "./images.ts";
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
  return {
    namespace: config.namespace,
    images: {
      tracking: imageReference("tracking", imageRegistry),
      serving: imageReference("serving", imageRegistry),
      predict: imageReference("predict", imageRegistry),
      postgres: config.postgresImage ?? imageReference("postgres", imageRegistry),
    },
    database: stores?.database,
    artifacts: stores?.artifacts,
    googleCredentials: stores?.googleCredentials,
    exposure: domain?.exposure,
    paused: config.paused,
    postgres: stores ? undefined : { storageSize: config.databaseStorageSize },
    artifactVolume: stores ? undefined : { storageSize: config.artifactStorageSize },
    storageClassName: config.storageClassName,
    modelName: config.modelName,
    modelAlias: config.modelAlias,
    experimentName: config.experimentName,
    tracking: { replicas: config.trackingReplicas, nodePort: openPort(config.trackingNodePort) },
    serving: {
      ...(servingMaxReplicas === undefined
        ? { replicas: config.servingReplicas }
        : {
            autoscaling: { minReplicas: config.servingReplicas, maxReplicas: servingMaxReplicas },
          }),
      allowPickle: config.servingAllowPickle,
      nodePort: openPort(config.servingNodePort),
    },
    prediction: {
      replicas: config.predictionReplicas,
      nodePort: openPort(config.predictionNodePort),
    },
    training: {
      example: config.trainExampleModel,
      schedule: config.trainingSchedule,
      gpu: config.trainingGpu ? { type: config.gkeGpu } : undefined,
    },
    nodeAddress: cluster.nodeAddress,
    apiServerAddresses: orElse(config.apiServerAddresses, cluster.apiServerAddresses),
    dnsAddresses: orElse(config.dnsAddresses),
    monitoring: {
      enabled: config.monitoring,
      runbookBaseUrl: config.runbookBaseUrl,
      imageRegistry: config.monitoringImageRegistry,
      prometheus: {
        alertmanager: config.alertmanager,
        kubeStateMetrics: config.kubeStateMetrics,
        nodeExporter: config.nodeExporter,
        nodeExporterPort: config.nodeExporterPort,
        pushgateway: config.pushgateway,
        retention: config.prometheusRetention,
        storageSize: config.prometheusStorageSize,
        receivers: config.alertReceivers,
        chart: { chart: config.prometheusChart, version: config.prometheusChartVersion },
        values: config.prometheusValues,
      },
      grafana: {
        enabled: config.grafana,
        nodePort: openPort(config.grafanaNodePort),
        chart: { chart: config.grafanaChart, version: config.grafanaChartVersion },
        values: config.grafanaValues,
      },
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
