export {
  type AlertRule,
  alertRules,
  type AlertRulesOptions,
  type RuleGroup,
} from "./monitoring/alerts/index.ts";
export { dashboards, type PlatformDashboard } from "./monitoring/dashboards/index.ts";
export type { ChartArgs } from "./monitoring/charts.ts";
export { ArgumentError } from "./core/checks.ts";
export {
  type ArtifactLocationArgs,
  connectionsNeeded,
  type DatabaseConnectionArgs,
  type DatabaseProxyArgs,
} from "./tracking/connections.ts";
export type { ContainerResourcesArgs } from "./kubernetes/pods.ts";
export { GkeMachineType, GkeMode, GkeReleaseChannel, GpuType } from "./google/gkeMachines.ts";
export type { GpuPoolArgs } from "./google/gkeNodePools.ts";
export type {
  MlopsPlatformArgs,
  PlatformImagesArgs,
  PlatformNodePortsArgs,
} from "./platform/arguments.ts";
export { exposedHostNames, type PlatformExposureArgs } from "./platform/platformExposure.ts";
export type { PlatformMonitoringArgs } from "./platform/platformMonitoring.ts";
export type {
  AlertReceiversArgs,
  EmailReceiverArgs,
  SlackReceiverArgs,
  WebhookReceiverArgs,
} from "./monitoring/receivers.ts";
export type { TrainingGpuArgs } from "./training/trainingGpu.ts";
export { TrackingPermission, type TrackingUserArgs } from "./tracking/trackingUsers.ts";
export * from "./google/gkeCluster.ts";
export * from "./access/domainCertificate.ts";
export * from "./stores/bucketArtifactStore.ts";
export * from "./stores/cloudSqlDatabase.ts";
export * from "./monitoring/grafana.ts";
export * from "./access/loginProxy.ts";
export * from "./google/imageRepository.ts";
export * from "./platform/mlopsPlatform.ts";
export * from "./serving/modelServer.ts";
export * from "./kubernetes/networkFlows.ts";
export * from "./stores/postgresDatabase.ts";
export * from "./access/platformGateway.ts";
export * from "./prediction/predictionApp.ts";
export * from "./google/privateNetwork.ts";
export * from "./google/projectServices.ts";
export * from "./monitoring/prometheus.ts";
export * from "./google/serviceAccountKey.ts";
export * from "./tracking/trackingServer.ts";
export * from "./training/trainingJob.ts";
export * from "./stores/volumeArtifactStore.ts";
export * from "./google/workloadIdentity.ts";
