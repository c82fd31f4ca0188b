// The package's only door: components, their arguments, and what a program needs to prepare them.

export type { Fault } from "./core/checks.ts";
export { outputsOf } from "./core/outputs.ts";
export { slugOf } from "./core/slug.ts";
export { type PlatformService, services } from "./core/services.ts";

export type * from "./kubernetes/arguments.ts";
export { NetworkFlows } from "./kubernetes/networkFlows.ts";

export type * from "./google/arguments.ts";
export { BucketRole } from "./google/arguments.ts";
export type * from "./google/gkeArguments.ts";
export { gkeClusterFaults } from "./google/gkeArguments.ts";
export { GkeCluster } from "./google/gkeCluster.ts";
export { GkeMachineType, GkeMode, GkeReleaseChannel, GpuType } from "./google/gkeMachines.ts";
export { ImageRepository } from "./google/imageRepository.ts";
export { PrivateNetwork } from "./google/privateNetwork.ts";
export { ProjectServices } from "./google/projectServices.ts";
export { ServiceAccountKey } from "./google/serviceAccountKey.ts";
export { WorkloadIdentity } from "./google/workloadIdentity.ts";

export type * from "./tracking/arguments.ts";
export { PersonRole, TrackingPermission } from "./tracking/arguments.ts";
export { connectionsNeeded } from "./tracking/connections.ts";
export { TrackingServer } from "./tracking/trackingServer.ts";

export type * from "./training/arguments.ts";
export { TrainingJob } from "./training/trainingJob.ts";
export { TrainingPipeline } from "./training/trainingPipeline.ts";

export type * from "./monitoring/alerts/index.ts";
export { alertRules } from "./monitoring/alerts/index.ts";
export type * from "./monitoring/arguments.ts";
export { dashboards, type PlatformDashboard } from "./monitoring/dashboards/index.ts";
export { Grafana } from "./monitoring/grafana.ts";
export { Prometheus } from "./monitoring/prometheus.ts";
export type * from "./monitoring/receivers.ts";

export type * from "./stores/arguments.ts";
export { BucketStorageClass } from "./stores/arguments.ts";
export { BucketArtifactStore } from "./stores/bucketArtifactStore.ts";
export type * from "./stores/cloudSqlArguments.ts";
export { cloudSqlFaults } from "./stores/cloudSqlArguments.ts";
export { CloudSqlDatabase } from "./stores/cloudSqlDatabase.ts";
export * from "./stores/cloudSqlTiers.ts";
export { PostgresDatabase } from "./stores/postgresDatabase.ts";
export { VolumeArtifactStore } from "./stores/volumeArtifactStore.ts";

export type * from "./serving/arguments.ts";
export { ModelServer } from "./serving/modelServer.ts";

export type * from "./dask/arguments.ts";
export { DaskCluster } from "./dask/daskCluster.ts";

export type * from "./ray/arguments.ts";
export { RayCluster } from "./ray/rayCluster.ts";
export { RayJob } from "./ray/rayJob.ts";

export type * from "./backup/arguments.ts";
export { Backup } from "./backup/backup.ts";

export type * from "./prediction/arguments.ts";
export { PredictionApp } from "./prediction/predictionApp.ts";

export type * from "./access/arguments.ts";
export { DomainCertificate } from "./access/domainCertificate.ts";
export { LoginProxy } from "./access/loginProxy.ts";
export { PlatformGateway } from "./access/platformGateway.ts";

export type * from "./platform/arguments.ts";
export { platformFaults } from "./platform/arguments.ts";
export { MlopsPlatform, type ModelAddresses } from "./platform/mlopsPlatform.ts";
export { modelService } from "./platform/platformModels.ts";
export type { ModelTraining, ServedModel } from "./platform/servedModels.ts";
export { exposedHostNames } from "./platform/publicHosts.ts";
