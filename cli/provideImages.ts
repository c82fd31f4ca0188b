import {
  APPS,
  baseDate,
  type ImageName,
  imageOfModel,
  imageRegistryOf,
} from "../program/images.ts";
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
  const { postgresImage, dataStores, models, backup } = settings.config;
  const unneeded = new Set([
    "serving",
    ...(postgresImage === undefined && dataStores === "cluster" ? [] : ["postgres"]),
    ...(backup && dataStores === "cluster" ? [] : ["backup"]),
  ]);
  const { standInCharts = false } = options;
  const ofModels = Object.entries(models)
    .filter(([, { image }]) => image === undefined)
    .map(([name, { runtime }]) => imageOfModel(name, runtime));
  const apps: ImageName[] = [
    ...APPS.filter((app) => !unneeded.has(app)),
    ...new Set(ofModels),
    ...(standInCharts ? (["monitoring"] as const) : []),
  ];
  await bring(settings, target, apps, options);
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
  const where =
    target === "registry" || target.kind === "gke"
      ? { target: "context" as const, push: true }
      : target.kind === "context"
        ? { target: target.kind, context: target.context, own }
        : { target: target.kind };
  await ensureImages({ registry: imageRegistryOf(settings.config), ...where, apps, force });
}

const freshDays = 30;

/** A sentence once the base has missed a month of Debian's security updates. */
export function baseAgeNotice(date: string, now: number): string | undefined {
  const days = Math.floor((now - Date.parse(date)) / 86_400_000);
  return days <= freshDays
    ? undefined
    : `The images' base is ${days} days old; renew it with \`npm run images -- --force\`, commit apps/base-date and run \`npm run up\``;
}
