import type * as pulumi from "@pulumi/pulumi";
import { generatedPassword } from "../core/secrets.ts";
import { services } from "../core/services.ts";
import { DaskCluster } from "../dask/daskCluster.ts";
import type { NamespacedArgs, NetworkFlow } from "../kubernetes/arguments.ts";
import { TrackingPermission } from "../tracking/arguments.ts";
import type { TrackingServer } from "../tracking/trackingServer.ts";
import type { MlopsPlatformArgs } from "./arguments.ts";

type Child = { parent: pulumi.Resource };

/** The MLflow user of the tasks of the Dask cluster, where there is one. */
export const daskUserOf = (name: string, { dask }: MlopsPlatformArgs, child: Child) =>
  dask?.enabled
    ? {
        username: services.dask.name,
        password: generatedPassword(`${name}-dask-tracking-password`, child),
        permission: TrackingPermission.Write,
      }
    : undefined;

/** The Dask cluster that the notebooks of a platform share. */
export function sharedDask(
  name: string,
  common: NamespacedArgs,
  { dask, models, paused }: MlopsPlatformArgs,
  user: NonNullable<ReturnType<typeof daskUserOf>>,
  tracking: TrackingServer,
  child: Child,
): DaskCluster {
  const { enabled: _, image = models[0]!.image, paused: ownPaused, ...settings } = dask!;
  return new DaskCluster(
    `${name}-dask`,
    {
      ...settings,
      ...common,
      serviceName: services.dask.name,
      image,
      trackingUri: tracking.internalUrl,
      trackingUsername: user.username,
      trackingPassword: user.password,
      paused: (paused ?? false) || (ownPaused ?? false),
    },
    child,
  );
}

/** Among the scheduler and the workers, and from the tasks to MLflow. No other pod of the namespace reaches them. */
export function daskFlows({ dask, monitoring = {} }: MlopsPlatformArgs): NetworkFlow[] {
  if (!dask?.enabled) return [];
  const { dask: scheduler, daskWorkers: workers, tracking, prometheus } = services;
  return [
    // XGBoost and LightGBM open further ports between scheduler and workers
    { from: workers.name, to: scheduler.name },
    { from: scheduler.name, to: workers.name },
    { from: workers.name, to: workers.name },
    { from: workers.name, to: tracking.name, port: tracking.port },
    ...(monitoring.enabled === false ? [] : [scheduler, workers]).flatMap(
      ({ name, metricsPorts }) =>
        metricsPorts.map((port) => ({ from: prometheus.name, to: name, port })),
    ),
  ];
}
