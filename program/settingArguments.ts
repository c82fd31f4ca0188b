import type {
  BucketArtifactStoreArgs,
  CloudSqlDatabaseArgs,
  GkeClusterArgs,
  MlopsPlatformArgs,
} from "../components/index.ts";
import { GkeMode } from "../components/google/gkeMachines.ts";
import { type ModelArguments, modelSettingName } from "./modelSettings.ts";
import { below, put, textOf, type Tree } from "./setting.ts";
import {
  configKeys,
  DataStoreTarget,
  type PlatformConfig,
  type SettingKey,
  settingOf,
} from "./settings.ts";

/** What a stack's settings say to each component, as nested as its arguments are. */
export interface SettingArguments {
  readonly platform: Omit<Partial<MlopsPlatformArgs>, "models"> & {
    readonly models: readonly ModelArguments[];
  };
  readonly gke: Partial<GkeClusterArgs>;
  readonly cloudSql: Partial<CloudSqlDatabaseArgs>;
  readonly bucket: Partial<BucketArtifactStoreArgs>;
}

/** The arguments that settings name; what the program adds, such as images and providers, is not in it. */
export function settingArguments(config: PlatformConfig): SettingArguments {
  const tree: Tree = {};
  for (const key of configKeys) {
    const { argument, hand = (value) => value } = settingOf(key);
    const value = hand(config[key]);
    if (argument !== undefined && value !== undefined) put(tree, argument, value);
  }
  const { gke, cloudSql, bucket, ...platform } = tree;
  if (config.gkeMode === GkeMode.Autopilot) {
    for (const argument of nodeArguments) delete (gke as Tree)[argument];
  }
  if (config.dataStores === DataStoreTarget.Gcp) {
    delete platform["postgres"];
    delete platform["artifactVolume"];
    delete platform["backup"];
  }
  if (config.trainingGpu) put(platform, "training.gpu", { type: config.gkeGpu });
  return { platform, gke, cloudSql, bucket } as unknown as SettingArguments;
}

/** What Autopilot decides itself. */
const nodeArguments = ["machineType", "minNodes", "maxNodes", "diskSizeGb", "spot", "gpu"];

/**
 * A sentence about arguments, about the settings behind them: `tracking.resources.cpuLimit` is
 * `trackingResources.cpuLimit`, `minNodes` of `gke` is `gkeMinNodes`, and `models[0].page` is `models.churn.page`.
 */
export const inSettings = (sentence: string, models: readonly string[], component = ""): string =>
  sentence.replaceAll(
    /\w+([.[]\w+\]?)*/g,
    (path) =>
      (component && settingName(`${component}.${path}`)) ||
      modelSettingName(path, models) ||
      settingName(path) ||
      path,
  );

function settingName(path: string): string | undefined {
  for (const key of configKeys) {
    const { argument } = settingOf(key);
    const rest = argument === undefined ? undefined : below(argument, path);
    if (rest !== undefined) return key + rest;
  }
  // the program makes it of two settings
  return path === "gke.location" ? "gkeZone" : undefined;
}

export const changedSettings = (config: PlatformConfig): SettingKey[] =>
  configKeys.filter((key) => {
    const { default: otherwise, read } = settingOf(key);
    return JSON.stringify(config[key]) !== JSON.stringify(read(textOf(otherwise)));
  });
