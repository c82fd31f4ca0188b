import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { metadataFor } from "../kubernetes/metadata.ts";
import { keptCredentials } from "../tracking/googleCredentials.ts";
import type { TrackingServer } from "../tracking/trackingServer.ts";
import type { BackupArgs } from "./arguments.ts";
import { databaseSecrets } from "./backup.ts";
import { restorePod } from "./backupPods.ts";
import { copyName } from "./names.ts";

/** The target of a copy: stores that are not in the cluster, and the server that uses them. */
export interface CopyTargetArgs extends BackupArgs {
  readonly server: TrackingServer;
  /** ServiceAccount of the tracking server, which may use the stores. */
  readonly serviceAccountName: pulumi.Input<string>;
  readonly googleCredentials?: pulumi.Input<string>;
}

/**
 * The template of the Job that receives a copy of another stack, as a CronJob that is never scheduled. Google Cloud
 * backs up Cloud SQL and buckets itself, so nothing else of Backup is needed there.
 */
export function copyTarget(
  name: string,
  args: CopyTargetArgs,
  child: pulumi.CustomResourceOptions,
): void {
  const { database, server, googleCredentials } = args;
  const metadata = metadataFor(copyName, name, args);
  const settings = new k8s.core.v1.Secret(
    `${name}-settings`,
    {
      metadata: metadata(),
      immutable: true,
      stringData: {
        ...databaseSecrets(database),
        "admin-password": server.adminPassword,
      },
    },
    child,
  );
  const google =
    googleCredentials === undefined
      ? undefined
      : keptCredentials(name, googleCredentials, metadata, child);
  const { labels } = metadata();
  new k8s.batch.v1.CronJob(
    `${name}-job`,
    {
      metadata: metadata({ name: copyName }),
      spec: {
        suspend: true,
        schedule: "@yearly",
        jobTemplate: {
          metadata: { labels, annotations: args.annotations },
          spec: {
            activeDeadlineSeconds: args.deadlineSeconds ?? 21600,
            backoffLimit: 0,
            template: restorePod(args, {
              labels,
              serviceAccountName: args.serviceAccountName,
              settingsName: settings.metadata.name,
              outside: { trackingUrl: server.internalUrl, google },
            }),
          },
        },
      },
    },
    child,
  );
}
