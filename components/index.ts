// The package's only door: components, their arguments, and what a program needs to prepare them.

export type { Fault } from "./core/checks.ts";
export { slugOf } from "./core/slug.ts";
export { type PlatformService, services } from "./core/services.ts";

export type {
  ContainerResourcesArgs,
  LabelledArgs,
  NamespacedArgs,
  NetworkFlowArgs,
  NetworkFlowsArgs,
  NodeAddressArgs,
  NodePortArgs,
  PausableArgs,
  PodSettingsArgs,
  ServiceArgs,
  TolerationArgs,
} from "./kubernetes/arguments.ts";
export { NetworkFlows } from "./kubernetes/networkFlows.ts";

export {
  BucketRole,
  type GrantArgs,
  type ImageRepositoryArgs,
  type PrivateNetworkArgs,
  type ProjectServicesArgs,
  type ServiceAccountKeyArgs,
  type WorkloadIdentityArgs,
} from "./google/arguments.ts";
export {
  type GkeClusterArgs,
  gkeClusterFaults,
  type GkeClusterSettingsArgs,
  type GpuPoolArgs,
} from "./google/gkeArguments.ts";
export { GkeCluster } from "./google/gkeCluster.ts";
export { GkeMachineType, GkeMode, GkeReleaseChannel, GpuType } from "./google/gkeMachines.ts";
export { ImageRepository } from "./google/imageRepository.ts";
export { PrivateNetwork } from "./google/privateNetwork.ts";
export { ProjectServices } from "./google/projectServices.ts";
export { ServiceAccountKey } from "./google/serviceAccountKey.ts";
export { WorkloadIdentity } from "./google/workloadIdentity.ts";

export {
  type ArtifactLocationArgs,
  type DatabaseConnectionArgs,
  type DatabaseProxyArgs,
  type ModelArgs,
  type TrackingClientArgs,
  PersonRole,
  TrackingPermission,
  type TrackingServerArgs,
  type TrackingSettingsArgs,
  type TrackingUserArgs,
} from "./tracking/arguments.ts";
export { connectionsNeeded } from "./tracking/connections.ts";
export { TrackingServer } from "./tracking/trackingServer.ts";

export type {
  SharedTrainingArgs,
  TrainingGpuArgs,
  TrainingJobArgs,
  TrainingSettingsArgs,
} from "./training/arguments.ts";
export { TrainingJob } from "./training/trainingJob.ts";

export {
  type AlertRule,
  alertRules,
  type AlertRulesOptions,
  type RuleGroup,
} from "./monitoring/alerts/index.ts";
export type {
  ChartArgs,
  GrafanaArgs,
  GrafanaSettingsArgs,
  MonitoringChartArgs,
  PrometheusArgs,
  PrometheusSettingsArgs,
} from "./monitoring/arguments.ts";
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
  type PostgresDatabaseArgs,
  type PostgresSettingsArgs,
  type VolumeArgs,
  type VolumeArtifactStoreArgs,
  type VolumeArtifactStoreSettingsArgs,
} from "./stores/arguments.ts";
export { BucketArtifactStore } from "./stores/bucketArtifactStore.ts";
export {
  type CloudSqlDatabaseArgs,
  cloudSqlFaults,
  type CloudSqlSettingsArgs,
} from "./stores/cloudSqlArguments.ts";
export { CloudSqlDatabase } from "./stores/cloudSqlDatabase.ts";
export {
  CloudSqlAvailability,
  CloudSqlEdition,
  CloudSqlTier,
  CloudSqlVersion,
} from "./stores/cloudSqlTiers.ts";
export { PostgresDatabase } from "./stores/postgresDatabase.ts";
export { VolumeArtifactStore } from "./stores/volumeArtifactStore.ts";

export type {
  AutoscalingArgs,
  ModelServerArgs,
  ModelServerSettingsArgs,
  SharedServingArgs,
} from "./serving/arguments.ts";
export { ModelServer } from "./serving/modelServer.ts";

export type {
  BackupArgs,
  BackupBucketArgs,
  BackupDestinationArgs,
  BackupRetentionArgs,
  BackupS3Args,
  BackupSettingsArgs,
  BackupTrackingArgs,
  BackupVolumeArgs,
} from "./backup/arguments.ts";
export { Backup } from "./backup/backup.ts";

export type { PredictionAppArgs, PredictionSettingsArgs } from "./prediction/arguments.ts";
export { PredictionApp } from "./prediction/predictionApp.ts";

export type {
  DomainCertificateArgs,
  GatewayBackendArgs,
  LoginProxyArgs,
  LoginProxySettingsArgs,
  OidcLoginArgs,
  PlatformGatewayArgs,
} from "./access/arguments.ts";
export { DomainCertificate } from "./access/domainCertificate.ts";
export { LoginProxy } from "./access/loginProxy.ts";
export { PlatformGateway } from "./access/platformGateway.ts";

export {
  type MlopsPlatformArgs,
  type PlatformBackupArgs,
  type PlatformExposureArgs,
  platformFaults,
  type PlatformGrafanaArgs,
  type PlatformImagesArgs,
  type PlatformMonitoringArgs,
} from "./platform/arguments.ts";
export { MlopsPlatform, type ModelAddresses } from "./platform/mlopsPlatform.ts";
export { modelService } from "./platform/platformModels.ts";
export type { ModelTrainingArgs, ServedModelArgs } from "./platform/servedModels.ts";
export { exposedHostNames } from "./platform/publicHosts.ts";
