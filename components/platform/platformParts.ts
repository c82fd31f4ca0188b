import type * as pulumi from "@pulumi/pulumi";
import { services } from "../core/services.ts";
import type { NamespacedArgs, StringMap } from "../kubernetes/arguments.ts";
import { metadataFor } from "../kubernetes/metadata.ts";
import { ownedNamespace } from "../kubernetes/ownedNamespace.ts";
import { workloadAccount } from "../kubernetes/serviceAccounts.ts";
import { PostgresDatabase } from "../stores/postgresDatabase.ts";
import { VolumeArtifactStore } from "../stores/volumeArtifactStore.ts";
import type { ArtifactLocationArgs } from "../tracking/arguments.ts";
import { connectionsNeeded } from "../tracking/connections.ts";
import type { TrainingJobArgs } from "../training/arguments.ts";
import { TrainingJob } from "../training/trainingJob.ts";
import type { MlopsPlatformArgs } from "./arguments.ts";

type Child = { parent: pulumi.Resource };

/** A namespace in which Kubernetes refuses every pod that asks for more than Pod Security `restricted` allows. */
export function platformNamespace(
  name: string,
  { namespace, labels, annotations }: MlopsPlatformArgs,
  child: Child,
): pulumi.Output<string> {
  const modes = ["enforce", "warn", "audit"];
  const security: StringMap = {};
  for (const mode of modes) security[`pod-security.kubernetes.io/${mode}`] = "restricted";
  return ownedNamespace(
    `${name}-namespace`,
    { namespace: namespace ?? "mlops", labels, annotations },
    security,
    child,
  ).metadata.name;
}

/** Postgres with room for every connection that the tracking server may open. */
export function databaseInCluster(
  name: string,
  common: NamespacedArgs,
  args: MlopsPlatformArgs,
  child: Child,
): PostgresDatabase {
  const { replicas = 1, workers = 1 } = args.tracking ?? {};
  return new PostgresDatabase(
    `${name}-database`,
    {
      ...args.postgres,
      ...common,
      serviceName: services.postgres.name,
      image: args.images.postgres!,
      storageClassName: args.storageClassName,
      maxConnections: args.postgres?.maxConnections ?? connectionsNeeded(replicas, workers),
      paused: args.paused,
    },
    child,
  );
}

/** A volume for artifacts. */
export function artifactsInCluster(
  name: string,
  common: NamespacedArgs,
  args: MlopsPlatformArgs,
  child: Child,
): ArtifactLocationArgs {
  const { artifactVolume, storageClassName } = args;
  return new VolumeArtifactStore(
    `${name}-artifacts`,
    { ...artifactVolume, ...common, storageClassName },
    child,
  ).location;
}

/** Name of the training pods and of their identity. */
export const trainingName = "training";

/** Training of the example model, once, and training by schedule. They are one workload, with one identity. */
export function trainingInCluster(
  name: string,
  args: MlopsPlatformArgs,
  training: TrainingJobArgs,
  child: Child,
  tracking: pulumi.Resource,
): void {
  const { example = true, schedule, ...settings } = args.training ?? {};
  if (!example && schedule === undefined) return;
  const metadata = metadataFor(trainingName, trainingName, training);
  const serviceAccountName = workloadAccount(`${name}-training`, trainingName, metadata, child);
  const job = { ...settings, ...training, serviceAccountName, paused: args.paused };
  const afterTracking = { ...child, dependsOn: [tracking] };
  if (example) new TrainingJob(`${name}-example-training`, job, afterTracking);
  if (schedule !== undefined) {
    new TrainingJob(`${name}-retraining`, { ...job, schedule }, afterTracking);
  }
}
