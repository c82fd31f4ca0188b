import {
  APPS,
  baseDate,
  type ImageName,
  imageOfModel,
  imageRegistryOf,
} from "../program/images.ts";
import type { PlatformConfig } from "../program/settings.ts";
import type { DestinationOptions } from "../local/images/destination.ts";
import type { OwnCluster } from "../program/ownCluster.ts";
import { ensureImages, type Image } from "../local/images/index.ts";
import type { Settings } from "./stackSettings.ts";
import type { Target } from "./target.ts";

/**
 * Builds what is missing of the platform's images and brings it to where the target's pods find it, or pushes it.
 * The stand-in charts need an image more.
 */
export async function provideImages(
  settings: Settings,
  target: Target | "registry",
  options: BringOptions & { standInCharts?: boolean } = {},
): Promise<void> {
  const { standInCharts = false } = options;
  await bring(settings, target, imagesNeeded(settings.config, standInCharts), options);
}

/** Our images that a stack deploys. */
export function imagesNeeded(
  { postgresImage, dataStores, models, backup }: PlatformConfig,
  standInCharts: boolean,
): ImageName[] {
  const unneeded = new Set([
    "serving",
    ...(postgresImage === undefined && dataStores === "cluster" ? [] : ["postgres"]),
    // with stores on Google Cloud it receives copies
    ...(backup || dataStores !== "cluster" ? [] : ["backup"]),
  ]);
  const ofModels = Object.entries(models)
    .filter(([, { image }]) => image === undefined)
    .map(([name, { runtime }]) => imageOfModel(name, runtime));
  return [
    ...APPS.filter((app) => !unneeded.has(app)),
    ...new Set(ofModels),
    ...(standInCharts ? (["monitoring"] as const) : []),
  ];
}

interface BringOptions {
  readonly force?: boolean;
  readonly own?: OwnCluster;
}

/** Builds what is missing of these images and brings it to where the target's pods find it, or pushes it. */
export async function bring(
  settings: Settings,
  target: Target | "registry",
  apps: readonly (ImageName | Image)[],
  { force, own }: BringOptions,
): Promise<void> {
  const age = baseAgeNotice(baseDate(), Date.now());
  if (age !== undefined) console.error(age);
  await ensureImages({ ...destinationOptions(settings.config, target, own), apps, force });
}

/** Where the target's pods look for images. */
export function destinationOptions(
  config: PlatformConfig,
  target: Target | "registry",
  own?: OwnCluster,
): DestinationOptions {
  const registry = imageRegistryOf(config);
  if (target === "registry" || target.kind === "gke")
    return { registry, target: "context", push: true };
  return target.kind === "context"
    ? { registry, target: target.kind, context: target.context, own }
    : { registry, target: target.kind };
}

const freshDays = 30;

/** A sentence once the base has missed a month of Debian's security updates. */
export function baseAgeNotice(date: string, now: number): string | undefined {
  const days = Math.floor((now - Date.parse(date)) / 86_400_000);
  return days <= freshDays
    ? undefined
    : `The images' base is ${days} days old; renew it with \`npm run images -- --force\`, commit apps/base-date and run \`npm run up\``;
}
