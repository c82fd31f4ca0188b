import type { MlopsPlatformArgs } from "../components/index.ts";
import { mirrored } from "../components/core/imageMirror.ts";
import type { Cluster } from "./cluster.ts";
import type { PublicDomain } from "./domain.ts";
import { imageOfModel, imageReference, imageRegistryOf } from "./images.ts";
import { type SettingArguments, settingArguments } from "./settingArguments.ts";
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
  const behindMirror = imageMirror(registry, config.imageMirror);
  return {
    apiServerAddresses: cluster.apiServerAddresses,
    ...given,
    ...throughMirror(given, behindMirror, ({ name }) =>
      imageReference(imageOfModel(name, config.models[name]?.runtime), registry),
    ),
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

/** The reference by which an image is pulled: what is not ours comes through the mirror. */
export const imageMirror =
  (registry: string, mirror?: string) =>
  (image: string): string =>
    image.startsWith(`${registry}/`) ? image : mirrored(image, mirror);

/** The models and the Dask cluster with the images that the settings name, or the models' usual ones. */
export function throughMirror(
  { models, dask }: Pick<SettingArguments["platform"], "models" | "dask">,
  behindMirror: (image: string) => string,
  usual: (model: { readonly name: string }) => string,
): Pick<MlopsPlatformArgs, "models" | "dask"> {
  const withMirror = <Part extends { image?: unknown }>(part: Part): Part =>
    typeof part.image === "string" ? { ...part, image: behindMirror(part.image) } : part;
  return {
    models: models.map((model) => ({
      ...withMirror({ ...model, image: model.image ?? usual(model) }),
      ...(model.training?.steps && {
        training: { ...model.training, steps: model.training.steps.map(withMirror) },
      }),
    })),
    ...(dask && { dask: withMirror(dask) }),
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
