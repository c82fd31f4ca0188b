import {
  APPS,
  baseDate,
  type ImageName,
  imageOfModel,
  imageRegistryOf,
} from "../program/images.ts";
import type { OwnCluster } from "../program/ownCluster.ts";
import { ensureImages } from "../local/images/index.ts";
import type { Settings } from "./stackSettings.ts";
import type { Target } from "./target.ts";

/**
 * Builds what is missing of the platform's images and brings it to where the target's pods find it, or pushes it.
 * The stand-in charts need an image more.
 */
export async function provideImages(
  settings: Settings,
  target: Target | "registry",
  options: { force?: boolean; standInCharts?: boolean; own?: OwnCluster } = {},
): Promise<void> {
  const age = baseAgeNotice(baseDate(), Date.now());
  if (age !== undefined) console.error(age);
  const { postgresImage, dataStores, modelName, backup } = settings.config;
  const needsPostgres = postgresImage === undefined && dataStores === "cluster";
  const needsBackup = backup && dataStores === "cluster";
  const { standInCharts = false, own, ...how } = options;
  const apps: ImageName[] = [
    ...APPS.filter(
      (app) => (app !== "postgres" || needsPostgres) && (app !== "backup" || needsBackup),
    ).map((app) => (app === "serving" ? imageOfModel(modelName) : app)),
    ...(standInCharts ? (["monitoring"] as const) : []),
  ];
  const where =
    target === "registry" || target.kind === "gke"
      ? { target: "context" as const, push: true }
      : target.kind === "context"
        ? { target: target.kind, context: target.context, own }
        : { target: target.kind };
  await ensureImages({
    registry: imageRegistryOf(settings.config),
    ...where,
    apps,
    ...how,
  });
}

const freshDays = 30;

/** A sentence once the base has missed a month of Debian's security updates. */
export function baseAgeNotice(date: string, now: number): string | undefined {
  const days = Math.floor((now - Date.parse(date)) / 86_400_000);
  return days <= freshDays
    ? undefined
    : `The images' base is ${days} days old; renew it with \`npm run images -- --force\`, commit apps/base-date and run \`npm run up\``;
}
