import { APPS, DEFAULT_REGISTRY, type ImageName } from "../../program/images.ts";
import { reported } from "../support/progress.ts";
import { deliveryTo } from "./delivery.ts";
import { type DestinationOptions, destinationOf } from "./destination.ts";
import { type Image, imageFor, imageOf, imagesToBuild } from "./image.ts";

export { type Image, imageFor, imageOf };

export interface ImageOptions extends Omit<DestinationOptions, "registry"> {
  /** Prefix of the images' names. */
  registry?: string;
  apps?: readonly (ImageName | Image)[];
  /** Rebuilds images that already exist. */
  force?: boolean;
}

/**
 * Builds the images that the target does not have under their present tags, and brings them there: into the
 * cluster where it runs on this machine, else into the registry.
 */
export async function ensureImages(options: ImageOptions): Promise<void> {
  const { registry = DEFAULT_REGISTRY, apps = APPS, force = false } = options;
  const destination = destinationOf({ ...options, registry });
  const delivery = await deliveryTo(destination);
  const images = apps.map((app) => (typeof app === "string" ? imageFor(app, registry) : app));
  const look = () => imagesToBuild(images, (reference) => delivery.has(reference), force);
  const foundText = ({ length }: Image[]) => `${images.length - length} of ${images.length} images`;
  const missing =
    destination.kind === "registry"
      ? await reported("Querying the registry", look, foundText)
      : await look();
  if (missing.length === 0) return;
  await delivery.provide(missing, force);
}
