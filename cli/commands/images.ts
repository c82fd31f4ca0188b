import { imageRegistryOf, renewBase } from "../../program/images.ts";
import { declaredResources } from "../declaredResources.ts";
import { readDeployment } from "../deployment.ts";
import { bring, provideImages } from "../provideImages.ts";
import { imagesOf } from "../stackImages.ts";
import { readSettings, type Settings } from "../stackSettings.ts";
import { chooseCharts, settingsFor, standInSentence } from "../standInCharts.ts";
import { findTarget, lookAt, startTarget } from "../targetAccess.ts";
import type { OwnCluster } from "../../program/ownCluster.ts";
import type { Options } from "../commandLine.ts";
import type { Target } from "../target.ts";
import {
  buildFailure,
  imageOfVersion,
  registeredVersion,
  type VersionImage,
} from "../versionImage.ts";
import { administrator } from "../mlflow.ts";
import { openPlatform, reachTracking } from "../runningPlatform.ts";

interface ImagesOptions extends Options {
  readonly push?: boolean;
  readonly force?: boolean;
  readonly model?: string;
  readonly list?: boolean;
  readonly json?: boolean;
}

/** Builds the images and loads them, without deploying anything. */
export async function images({
  push = false,
  force = false,
  model,
  list = false,
  json = false,
  ...options
}: ImagesOptions): Promise<number> {
  const settings = readSettings(options);
  if (list) return await printImages(settings, json);
  if (force) renewBase(new Date().toISOString().slice(0, 10));
  const version = model === undefined ? undefined : await imageForModel(model, options);
  const provide = (target: Target | "registry", own?: OwnCluster) =>
    version === undefined
      ? provideImages(settings, target, { force, own })
      : bring(settings, target, [version.image], { own }).catch((error: unknown) => {
          throw buildFailure(error);
        });
  if (push) {
    await provide("registry");
  } else {
    const target = await findTarget(options, settings, readDeployment(settings.stack));
    const access = await startTarget(target);
    const { own } = await lookAt(target, access);
    await provide(target, own);
  }
  if (version !== undefined) console.log(version.setting);
  return 0;
}

/** Every reference that `up` would deploy from here, whatever it comes from. */
async function printImages(settings: Settings, asJson: boolean): Promise<number> {
  const charts = await chooseCharts(settings, readDeployment(settings.stack));
  if (charts === "stand-in") console.error(standInSentence);
  const found = imagesOf(await declaredResources(settingsFor(charts, settings)));
  const lines = found.map(({ reference }) => reference).join("\n");
  console.log(asJson ? JSON.stringify(found, undefined, 2) : lines);
  return 0;
}

/** The image for the version of `NAME@ALIAS` that the running platform has registered. */
async function imageForModel(model: string, options: Options): Promise<VersionImage> {
  const platform = await openPlatform(options);
  const { outputs, settings } = platform;
  const { config } = settings;
  const [, name = model, given] = /^(.+)@([^@]+)$/.exec(model) ?? [];
  const { alias = "champion", runtime } = config.models[name] ?? {};
  const door = await reachTracking(platform);
  try {
    const api = administrator(door.url, outputs);
    const version = await registeredVersion(api, name, given ?? alias);
    return imageOfVersion(version, imageRegistryOf(config), runtime);
  } finally {
    await door.close();
  }
}
