import { type App, APPS, DEFAULT_REGISTRY, imageReference } from "../../images.ts";
import type { Image } from "./buildahImages.ts";
import { deliveryTo } from "./delivery.ts";
import { type DestinationOptions, destinationOf } from "./destination.ts";

export interface ImageOptions extends Omit<DestinationOptions, "registry"> {
  /** Prefix of the images' names. */
  registry?: string;
  /** Defaults to all. */
  apps?: readonly App[];
  /** Builds anew what is there already. */
  force?: boolean;
}

/**
 * Builds the images that the target does not have under their present tags, and brings them there: into the
 * cluster where it runs on this machine, else into the registry.
 */
export async function ensureImages(options: ImageOptions): Promise<void> {
  const { registry = DEFAULT_REGISTRY, apps = APPS, force = false } = options;
  const delivery = await deliveryTo(destinationOf({ ...options, registry }));
  const images = apps.map((app) => ({ app, reference: imageReference(app, registry) }));
  const missing: Image[] = [];
  for (const image of images) {
    if (force || !(await delivery.has(image.reference))) missing.push(image);
  }
  if (missing.length === 0) return;
  await delivery.provide(missing, force);
}
