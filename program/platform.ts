import type { MlopsPlatformArgs } from "../components/index.ts";
import { mirrored } from "../components/core/imageMirror.ts";
import type { Cluster } from "./cluster.ts";
import type { PublicDomain } from "./domain.ts";
import { imageOfModel, imageReference, imageRegistryOf } from "./images.ts";
import { settingArguments } from "./settingArguments.ts";
import type { PlatformConfig } from "./settings.ts";
import type { DataStores } from "./stores.ts";

/** The platform that the stack's settings describe, on this cluster and with these stores. */
export function platformArguments(
  config: PlatformConfig,
  cluster: Cluster,
  { database, artifacts, googleCredentials }: DataStores,
  { exposure }: PublicDomain,
): MlopsPlatformArgs {
  const given = settingArguments(config).platform;
  const registry = imageRegistryOf(config);
  const behindMirror = (image: string) => mirrored(image, config.imageMirror);
  return {
    apiServerAddresses: cluster.apiServerAddresses,
    ...given,
    models: given.models.map((model) => ({
      image: imageReference(imageOfModel(model.name, config.models[model.name]?.runtime), registry),
      ...model,
      ...(model.image && { image: behindMirror(model.image) }),
    })),
    nodeAddress: cluster.nodeAddress,
    images: {
      tracking: imageReference("tracking", registry),
      predict: imageReference("predict", registry),
      postgres: imageReference("postgres", registry),
      backup: imageReference("backup", registry),
      ...(config.trackingImage && { tracking: config.trackingImage }),
      ...(config.postgresImage && { postgres: behindMirror(config.postgresImage) }),
    },
    database,
    artifacts,
    googleCredentials,
    exposure,
  };
}

export function platformNamespaces({
  namespace,
  namespaceOnly,
  monitoring,
  nodeExporter,
}: PlatformConfig): string[] {
  const hasExporter = monitoring && nodeExporter && !namespaceOnly;
  return [namespace, ...(hasExporter ? [`${namespace}-node-exporter`] : [])];
}
