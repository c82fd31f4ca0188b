import type * as pulumi from "@pulumi/pulumi";
import { services } from "../core/services.ts";
import type { NamespacedArgs, StringMap } from "../kubernetes/arguments.ts";
import { markedNamespace, ownedNamespace } from "../kubernetes/ownedNamespace.ts";
import { PostgresDatabase } from "../stores/postgresDatabase.ts";
import { VolumeArtifactStore } from "../stores/volumeArtifactStore.ts";
import type { ArtifactLocation } from "../tracking/arguments.ts";
import { connectionsNeeded } from "../tracking/connections.ts";
import type { MlopsPlatformArgs } from "./arguments.ts";

type Child = { parent: pulumi.Resource };

/** A namespace that enforces Pod Security `restricted`, or an existing one. */
export function platformNamespace(
  name: string,
  { namespace = "mlops", namespaceOnly, labels, annotations }: MlopsPlatformArgs,
  child: Child,
): pulumi.Output<string> {
  const args = { namespace, labels, annotations };
  if (namespaceOnly) return markedNamespace(`${name}-namespace`, args, child);
  const modes = ["enforce", "warn", "audit"];
  const security: StringMap = {};
  for (const mode of modes) security[`pod-security.kubernetes.io/${mode}`] = "restricted";
  return ownedNamespace(`${name}-namespace`, args, security, child).metadata.name;
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

export function artifactsInCluster(
  name: string,
  common: NamespacedArgs,
  args: MlopsPlatformArgs,
  child: Child,
): ArtifactLocation {
  const { artifactVolume, storageClassName } = args;
  return new VolumeArtifactStore(
    `${name}-artifacts`,
    { ...artifactVolume, ...common, storageClassName },
    child,
  ).location;
}
