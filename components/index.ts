// The package's only door: components, their arguments, and what a program needs to prepare them.

export { ArgumentError } from "./core/checks.ts";

export type {
  ContainerResourcesArgs,
  NetworkFlowArgs,
  NetworkFlowsArgs,
} from "./kubernetes/arguments.ts";
export { NetworkFlows } from "./kubernetes/networkFlows.ts";

export type {
  GkeClusterArgs,
  GpuPoolArgs,
  ImageRepositoryArgs,
  PrivateNetworkArgs,
  ProjectServicesArgs,
  ServiceAccountKeyArgs,
  WorkloadIdentityArgs,
} from "./google/arguments.ts";
export { GkeCluster } from "./google/gkeCluster.ts";
export { GkeMachineType, GkeMode, GkeReleaseChannel, GpuType } from "./google/gkeMachines.ts";
export { BucketRole } from "./google/googleGrants.ts";
export { ImageRepository } from "./google/imageRepository.ts";
export { PrivateNetwork } from "./google/privateNetwork.ts";
export { ProjectServices } from "./google/projectServices.ts";
export { ServiceAccountKey } from "./google/serviceAccountKey.ts";
export { WorkloadIdentity } from "./google/workloadIdentity.ts";

export {
  type ArtifactLocationArgs,
  type DatabaseConnectionArgs,
  type DatabaseProxyArgs,
  TrackingPermission,
  type TrackingServerArgs,
  type TrackingUserArgs,
} from "./tracking/arguments.ts";
export { connectionsNeeded } from "./tracking/connections.ts";
export { TrackingServer } from "./tracking/trackingServer.ts";

export type { TrainingGpuArgs, TrainingJobArgs } from "./training/arguments.ts";
export { TrainingJob } from "./training/trainingJob.ts";

export {
  type AlertRule,
  alertRules,
  type AlertRulesOptions,
  type RuleGroup,
} from "./monitoring/alerts/index.ts";
export type { ChartArgs, GrafanaArgs, PrometheusArgs } from "./monitoring/arguments.ts";
export { dashboards, type PlatformDashboard } from "./monitoring/dashboards/index.ts";
export { Grafana } from "./monitoring/grafana.ts";
export { Prometheus } from "./monitoring/prometheus.ts";
export type {
  AlertReceiversArgs,
  EmailReceiverArgs,
  SlackReceiverArgs,
  WebhookReceiverArgs,
} from "./monitoring/receivers.ts";

export {
  type BucketArtifactStoreArgs,
  BucketStorageClass,
  type CloudSqlDatabaseArgs,
  type PostgresDatabaseArgs,
  type VolumeArtifactStoreArgs,
} from "./stores/arguments.ts";
export { BucketArtifactStore } from "./stores/bucketArtifactStore.ts";
export { CloudSqlDatabase, type CloudSqlProxy } from "./stores/cloudSqlDatabase.ts";
export {
  CloudSqlAvailability,
  CloudSqlEdition,
  CloudSqlTier,
  CloudSqlVersion,
} from "./stores/cloudSqlTiers.ts";
export { PostgresDatabase } from "./stores/postgresDatabase.ts";
export { VolumeArtifactStore } from "./stores/volumeArtifactStore.ts";

export type { AutoscalingArgs, ModelServerArgs } from "./serving/arguments.ts";
export { ModelServer } from "./serving/modelServer.ts";

export type { PredictionAppArgs } from "./prediction/arguments.ts";
export { PredictionApp } from "./prediction/predictionApp.ts";

export type {
  DomainCertificateArgs,
  GatewayBackendArgs,
  LoginProxyArgs,
  OidcLoginArgs,
  PlatformGatewayArgs,
} from "./access/arguments.ts";
export { DomainCertificate } from "./access/domainCertificate.ts";
export { LoginProxy } from "./access/loginProxy.ts";
export { PlatformGateway } from "./access/platformGateway.ts";

export type {
  MlopsPlatformArgs,
  PlatformExposureArgs,
  PlatformImagesArgs,
  PlatformMonitoringArgs,
  PlatformNodePortsArgs,
} from "./platform/arguments.ts";
export { MlopsPlatform } from "./platform/mlopsPlatform.ts";
export { exposedHostNames } from "./platform/platformExposure.ts";
