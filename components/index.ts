export {
  type AlertRule,
  alertRules,
  type AlertRulesOptions,
  type RuleGroup,
} from "./alerts/index.ts";
export { dashboards, type PlatformDashboard } from "./dashboards/index.ts";
export type { ChartArgs } from "./internal/charts.ts";
export { ArgumentError } from "./internal/checks.ts";
export {
  type ArtifactLocationArgs,
  connectionsNeeded,
  type DatabaseConnectionArgs,
  type DatabaseProxyArgs,
} from "./internal/connections.ts";
export type { ContainerResourcesArgs } from "./internal/pods.ts";
export { GkeMachineType, GkeMode, GkeReleaseChannel, GpuType } from "./internal/gkeMachines.ts";
export type { GpuPoolArgs } from "./internal/gkeNodePools.ts";
export type {
  MlopsPlatformArgs,
  PlatformImagesArgs,
  PlatformNodePortsArgs,
} from "./internal/platformArguments.ts";
export { exposedHostNames, type PlatformExposureArgs } from "./internal/platformExposure.ts";
export type { PlatformMonitoringArgs } from "./internal/platformMonitoring.ts";
export type {
  AlertReceiversArgs,
  EmailReceiverArgs,
  SlackReceiverArgs,
  WebhookReceiverArgs,
} from "./internal/receivers.ts";
export type { TrainingGpuArgs } from "./internal/trainingGpu.ts";
export { TrackingPermission, type TrackingUserArgs } from "./internal/trackingUsers.ts";
export * from "./gkeCluster.ts";
export * from "./domainCertificate.ts";
export * from "./bucketArtifactStore.ts";
export * from "./cloudSqlDatabase.ts";
export * from "./grafana.ts";
export * from "./loginProxy.ts";
export * from "./imageRepository.ts";
export * from "./mlopsPlatform.ts";
export * from "./modelServer.ts";
export * from "./networkFlows.ts";
export * from "./postgresDatabase.ts";
export * from "./platformGateway.ts";
export * from "./predictionApp.ts";
export * from "./privateNetwork.ts";
export * from "./projectServices.ts";
export * from "./prometheus.ts";
export * from "./serviceAccountKey.ts";
export * from "./trackingServer.ts";
export * from "./trainingJob.ts";
export * from "./volumeArtifactStore.ts";
export * from "./workloadIdentity.ts";
