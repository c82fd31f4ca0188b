import type {
  BucketArtifactStoreArgs,
  CloudSqlDatabaseArgs,
  GkeClusterArgs,
  MlopsPlatformArgs,
} from "../components/index.ts";
import { GkeMode } from "../components/google/gkeMachines.ts";
import { textOf } from "./setting.ts";
import {
  configKeys,
  DataStoreTarget,
  type PlatformConfig,
  type SettingKey,
  settingOf,
} from "./settings.ts";

/** What a stack's settings say to each component, as nested as its arguments are. */
export interface SettingArguments {
  readonly platform: Partial<MlopsPlatformArgs> & Pick<MlopsPlatformArgs, "modelName">;
  readonly gke: Partial<GkeClusterArgs>;
  readonly cloudSql: Partial<CloudSqlDatabaseArgs>;
  readonly bucket: Partial<BucketArtifactStoreArgs>;
}

type Tree = { [name: string]: unknown };

/** The arguments that settings name; what the program adds, such as images and providers, is not in it. */
export function settingArguments(config: PlatformConfig): SettingArguments {
  const tree: Tree = {};
  for (const key of configKeys) {
    const { argument, hand = (value) => value } = settingOf(key);
    const value = hand(config[key]);
    if (argument !== undefined && value !== undefined) put(tree, argument.split("."), value);
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
  const { serving, training } = platform as { serving: Tree; training: Tree };
  followLoad(serving, config);
  if (config.trainingGpu) training["gpu"] = { type: config.gkeGpu };
  return { platform, gke, cloudSql, bucket } as unknown as SettingArguments;
}

/** What Autopilot decides itself. */
const nodeArguments = ["machineType", "minNodes", "maxNodes", "diskSizeGb", "spot", "gpu"];

/** With servingMaxReplicas the pods of the model server follow the load, and servingReplicas is their least number. */
function followLoad(serving: Tree, { servingMaxReplicas }: PlatformConfig): void {
  if (servingMaxReplicas === undefined) {
    delete serving["autoscaling"];
  } else {
    (serving["autoscaling"] as Tree)["minReplicas"] = serving["replicas"];
    delete serving["replicas"];
  }
}

function put(tree: Tree, [name, ...inner]: string[], value: unknown): void {
  if (inner.length === 0) tree[name!] = value;
  else put((tree[name!] ??= {}) as Tree, inner, value);
}

/**
 * A sentence about arguments, about the settings behind them: `tracking.resources.cpuLimit` is
 * `trackingResources.cpuLimit`, and `minNodes` of `gke` is `gkeMinNodes`.
 */
export const inSettings = (sentence: string, component = ""): string =>
  sentence.replaceAll(
    /\w+([.[]\w+\]?)*/g,
    (path) => (component && settingName(`${component}.${path}`)) || settingName(path) || path,
  );

/** Arguments that the program makes of more than one setting. */
const madeOf: Readonly<Record<string, SettingKey>> = {
  "serving.autoscaling.minReplicas": "servingReplicas",
  "gke.location": "gkeZone",
};

function settingName(path: string): string | undefined {
  const isWithin = (argument: string) =>
    path === argument || path.startsWith(`${argument}.`) || path.startsWith(`${argument}[`);
  for (const key of configKeys) {
    const { argument } = settingOf(key);
    if (argument !== undefined && isWithin(argument)) return key + path.slice(argument.length);
  }
  return madeOf[path];
}

/** Settings that a stack has changed. */
export const changedSettings = (config: PlatformConfig): SettingKey[] =>
  configKeys.filter((key) => {
    const { default: otherwise, read } = settingOf(key);
    return JSON.stringify(config[key]) !== JSON.stringify(read(textOf(otherwise)));
  });
