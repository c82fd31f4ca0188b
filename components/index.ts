export {
  type AlertRule,
  alertRules,
  type AlertRulesOptions,
  type RuleGroup,
} from "./alerts/index.ts";
export { dashboards, type PlatformDashboard } from "./dashboards/index.ts";
export type { ChartArgs } from "./internal/charts.ts";
export { ArgumentError } from "./internal/checks.ts";
export type {
  ArtifactLocationArgs,
  DatabaseConnectionArgs,
  DatabaseProxyArgs,
} from "./internal/connections.ts";
export type { ContainerResourcesArgs } from "./internal/pods.ts";
export type { PlatformImagesArgs, PlatformNodePortsArgs } from "./internal/platformArguments.ts";
export type { PlatformMonitoringArgs } from "./internal/platformMonitoring.ts";
export type {
  AlertReceiversArgs,
  EmailReceiverArgs,
  SlackReceiverArgs,
  WebhookReceiverArgs,
} from "./internal/receivers.ts";
export { TrackingPermission, type TrackingUserArgs } from "./internal/trackingUsers.ts";
export * from "./grafana.ts";
export * from "./mlopsPlatform.ts";
export * from "./modelServer.ts";
export * from "./networkFlows.ts";
export * from "./postgresDatabase.ts";
export * from "./predictionApp.ts";
export * from "./prometheus.ts";
export * from "./trackingServer.ts";
export * from "./trainingJob.ts";
export * from "./volumeArtifactStore.ts";
