import type * as pulumi from "@pulumi/pulumi";
import { Backup } from "../backup/backup.ts";
import { copyTarget } from "../backup/copyTarget.ts";
import { destinationFlows } from "../backup/destination.ts";
import { backupName, restoreName } from "../backup/names.ts";
import { services } from "../core/services.ts";
import { versions } from "../core/versions.ts";
import type { NamespacedArgs, NetworkFlow } from "../kubernetes/arguments.ts";
import { internalServiceUrl } from "../kubernetes/endpoints.ts";
import type { ArtifactLocation, DatabaseConnection } from "../tracking/arguments.ts";
import type { TrackingServer } from "../tracking/trackingServer.ts";
import type { MlopsPlatformArgs } from "./arguments.ts";

/** Whether the platform backs its stores up: both are in the cluster, where nothing else does. */
const hasBackup = ({ database, artifacts, backup = {} }: MlopsPlatformArgs): boolean =>
  database === undefined && artifacts === undefined && backup.enabled !== false;

/** Whether the platform can receive a copy into stores that are not in the cluster. */
export const isCopyTarget = ({ database, artifacts, images }: MlopsPlatformArgs): boolean =>
  database !== undefined &&
  artifacts !== undefined &&
  artifacts.claimName === undefined &&
  images.backup !== undefined;

const hasPushgateway = ({ monitoring = {} }: MlopsPlatformArgs): boolean =>
  monitoring.enabled !== false && monitoring.prometheus?.pushgateway !== false;

/** What the platform keeps its data in, and what serves it. */
interface BackedUp {
  database: DatabaseConnection;
  artifacts: ArtifactLocation;
  tracking: TrackingServer;
}

/** Backups of stores in the cluster, unless they are switched off; for others, what receives a copy. */
export function backupInCluster(
  name: string,
  common: NamespacedArgs,
  args: MlopsPlatformArgs,
  { database, artifacts, tracking }: BackedUp,
  child: { parent: pulumi.Resource },
): Backup | undefined {
  const { deploymentName, migrationSettingsName } = tracking;
  const mlflowVersion = args.tracking?.mlflowVersion ?? versions.mlflow;
  const { images, storageClassName, paused } = args;
  const wiring = {
    ...common,
    image: images.backup!,
    database,
    artifacts,
    tracking: { image: images.tracking, mlflowVersion, deploymentName, migrationSettingsName },
  };
  if (isCopyTarget(args)) {
    const { googleCredentials } = args;
    const serviceAccountName = services.tracking.name;
    copyTarget(
      `${name}-copy`,
      { ...wiring, server: tracking, serviceAccountName, googleCredentials },
      { ...child, dependsOn: [tracking] },
    );
  }
  if (!hasBackup(args)) return undefined;
  const { enabled: _, ...settings } = args.backup ?? {};
  return new Backup(
    `${name}-backup`,
    {
      ...settings,
      ...wiring,
      pushgatewayUrl: hasPushgateway(args)
        ? internalServiceUrl("pushgateway", common.namespace, services.pushgateway.port)
        : undefined,
      storageClassName,
      paused,
    },
    { ...child, dependsOn: [tracking] },
  );
}

/** Backups and restores reach the database and their destination; a restore also the API server, to stop MLflow. */
export function backupFlows(
  args: MlopsPlatformArgs,
  toApiServer: (from: string) => NetworkFlow[],
): NetworkFlow[] {
  if (!hasBackup(args)) return [];
  const { postgres, pushgateway } = services;
  const both = [backupName, restoreName].flatMap((from): NetworkFlow[] => [
    { from, to: postgres.name, port: postgres.port },
    ...destinationFlows(args.backup?.destination).map((flow) => ({ from, ...flow })),
  ]);
  return [
    ...both,
    ...(hasPushgateway(args)
      ? [{ from: backupName, to: pushgateway.name, port: pushgateway.port }]
      : []),
    ...toApiServer(restoreName),
  ];
}
