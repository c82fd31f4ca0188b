import { existsSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import type { Autoscaling, ContainerResources, ServedModel } from "../components/index.ts";
import { nearest } from "../components/core/nearest.ts";
import { runtimeFault } from "./images.ts";
import { hasTrainingCode, type ModelFile, modelFolderFaults, readModelFile } from "./models.ts";
import {
  below,
  Fault,
  isMap,
  type JsonObject,
  parsed,
  put,
  type Setting,
  type Tree,
} from "./setting.ts";

/** What a stack says about one of its models. The values are checked by the component that gets them. */
export interface ModelSetting {
  readonly alias?: string;
  readonly experimentName?: string;
  readonly runtime?: string;
  readonly image?: string;
  readonly allowPickle?: boolean;
  readonly replicas?: number;
  readonly autoscaling?: Autoscaling;
  readonly resources?: ContainerResources;
  readonly train?: boolean;
  readonly schedule?: string;
  readonly trainingResources?: ContainerResources;
  readonly owner?: string;
  readonly page?: boolean;
  readonly nodePort?: number;
  readonly monitor?: boolean;
}

/** A model as the component wants it, but for an image that the stack leaves to the program. */
export type ModelArguments = Omit<ServedModel, "image"> & { readonly image?: string };

/** The models of a stack by their registered names, in the order of the stack's file. */
export type ModelSettings = { readonly [name: string]: ModelSetting };

/** One key of a model: the argument that gets the value, or what it means where the program itself uses it. */
export interface ModelKey {
  readonly argument?: string;
  readonly type?: "string" | "boolean";
  /** Left out, it is the argument's. */
  readonly description?: string;
}

/** Every key of a model. What is said here of an argument wins over the component's words. */
// prettier-ignore
export const modelKeys: { readonly [Key in keyof ModelSetting]-?: ModelKey } = {
  alias: { argument: "alias" },
  experimentName: { argument: "experimentName" },
  runtime: { type: "string", description: "Folder under `runtimes/` whose packages the model is served and trained with. Defaults to `tabular`." },
  image: { argument: "image", description: "Image of the model's server and training. Defaults to that of its folder under `models/`, or of its runtime. Leave out with `runtime`." },
  allowPickle: { argument: "allowPickle" },
  replicas: { argument: "replicas" },
  autoscaling: { argument: "autoscaling" },
  resources: { argument: "resources", description: "CPU and memory of its server. Defaults to those of its model.yaml, and then to servingResources." },
  train: { argument: "training.once", type: "boolean", description: "Whether `up` trains it. Defaults to true for a model with a folder under `models/`; one without is served only." },
  schedule: { argument: "training.schedule", description: "Cron schedule for retraining, such as `0 3 * * *`, in trainingTimeZone. Defaults to none." },
  trainingResources: { argument: "training.resources", description: "CPU and memory of its training pods. Defaults to those of its model.yaml, and then to trainingResources." },
  owner: { argument: "owner" },
  page: { argument: "page" },
  nodePort: { argument: "nodePort", description: "Port of its server on every node, 30000 to 32767. 0 means inside the cluster only. Left out, the first model has 31345 on a local cluster; all others have none." },
  monitor: { argument: "monitor" },
};

export function models(fallback: ModelSettings, description: string): Setting<ModelSettings> {
  const read = (written: string) => {
    const value = parsed(written);
    // `churn:` with nothing behind it is a model with all defaults
    const settings = Object.entries(value ?? {}).map(([name, one]): [string, unknown] => [
      name,
      one ?? {},
    ]);
    return isMap(value) && settings.every(([, one]) => isMap(one))
      ? (Object.fromEntries(settings) as ModelSettings)
      : new Fault("be a map of models, each a map such as `churn: {}`");
  };
  const fallbackText = fallback as JsonObject;
  return { type: "object", default: fallbackText, description, argument: "models", read, hand };
}

const hand = (settings: ModelSettings): unknown => Object.entries(settings).map(argumentsOf);

/** What the folder of a model says holds where the stack says nothing. A model without a folder is never trained. */
function argumentsOf([name, { nodePort, ...setting }]: [string, ModelSetting]): Tree {
  const hasCode = hasTrainingCode(name) && modelFolderFaults(name).length === 0;
  const { resources = {}, cluster, steps } = hasCode ? readModelFile(name) : {};
  const args: Tree = { name };
  const given = { resources: resources.serving, trainingResources: resources.training, ...setting };
  for (const [key, value] of Object.entries(nodePort === 0 ? given : { ...given, nodePort })) {
    const argument = (modelKeys as Partial<Record<string, ModelKey>>)[key]?.argument;
    if (argument !== undefined && value !== undefined) put(args, argument, value);
  }
  const { train = true, schedule } = setting;
  if (!hasCode || (!train && schedule === undefined)) delete args["training"];
  else args["training"] ??= {};
  if (args["training"] !== undefined) {
    if (cluster !== undefined) put(args, "training.cluster", { ...cluster });
    if (steps !== undefined) put(args, "training.steps", steps.map(withTexts));
  }
  return args;
}

/** A step whose parameters are texts, as those of a run are. */
const withTexts = ({ parameters = {}, ...step }: NonNullable<ModelFile["steps"]>[number]) => ({
  ...step,
  parameters: Object.fromEntries(
    Object.entries(parameters).map(([key, value]) => [key, `${value}`]),
  ),
});

/** The models with what is added to the first one. */
export const withFirst = (
  settings: ModelSettings,
  added: (first: ModelSetting) => ModelSetting,
): ModelSettings => {
  const entries = Object.entries(settings).map(([name, setting], index) => [
    name,
    index === 0 ? { ...setting, ...added(setting) } : setting,
  ]);
  return Object.fromEntries(entries) as ModelSettings;
};

/** The models of a stack in the order of its file. The engine sorts a map by its keys, and the first model matters. */
export function inOrderOfFile(models: string | undefined, file: string): string | undefined {
  const value = parsed(models ?? "");
  if (!isMap(value)) return models;
  const content = existsSync(file) ? (parse(readFileSync(file, "utf8")) as StackFile | null) : null;
  const written = Object.keys(content?.config?.["mlops-platform:models"] ?? {});
  const place = (name: string) => (written.includes(name) ? written.indexOf(name) : written.length);
  const entries = Object.entries(value).sort(([one], [other]) => place(one) - place(other));
  return JSON.stringify(Object.fromEntries(entries));
}

interface StackFile {
  readonly config?: { readonly "mlops-platform:models"?: JsonObject };
}

/** `models.churn`, or `models["größe 2"]`. */
export const modelPath = (name: string, key?: string): string => {
  const model = /^[\w-]+$/.test(name) ? `models.${name}` : `models[${JSON.stringify(name)}]`;
  return key === undefined ? model : `${model}.${key}`;
};

/** The setting behind an argument of a model, such as `models[0].training.resources.cpuLimit`. */
export function modelSettingName(path: string, names: readonly string[]): string | undefined {
  const [, index, argument = "name"] = /^models\[(\d+)\](?:\.(.*))?$/.exec(path) ?? [];
  const name = names[Number(index)];
  if (name === undefined) return undefined;
  if (argument === "name") return modelPath(name);
  for (const key of ["cluster", "steps"]) {
    const inFile = below(`training.${key}`, argument);
    if (inFile !== undefined) return `${key}${inFile} of models/${name}/model.yaml`;
  }
  for (const [key, { argument: own }] of Object.entries<ModelKey>(modelKeys)) {
    const rest = own === undefined ? undefined : below(own, argument);
    if (rest !== undefined) return modelPath(name, key + rest);
  }
  return undefined;
}

/** What is wrong with the models of a stack that no component can know, a sentence each. */
export const modelFaults = (settings: ModelSettings): string[] =>
  Object.entries(settings).flatMap(([name, setting]) => [
    ...unknownKeys(name, setting),
    ...modelFolderFaults(name),
    ...trainingFaults(name, setting),
    ...runtimeFaults(name, setting),
    ...(setting.runtime !== undefined && setting.image !== undefined
      ? [`${modelPath(name, "runtime")} has no effect with image; leave one of them out`]
      : []),
  ]);

function runtimeFaults(name: string, { runtime }: ModelSetting): string[] {
  const fault = runtime === undefined ? undefined : runtimeFault(runtime);
  return fault === undefined ? [] : [`${modelPath(name, "runtime")}: ${fault}`];
}

function unknownKeys(name: string, setting: ModelSetting): string[] {
  const keys = Object.keys(modelKeys);
  return Object.keys(setting)
    .filter((key) => !keys.includes(key))
    .map((key) => `${modelPath(name, key)} is not a setting; did you mean ${nearest(key, keys)}?`);
}

function trainingFaults(name: string, setting: ModelSetting): string[] {
  if (hasTrainingCode(name)) return [];
  const { train, schedule, trainingResources } = setting;
  const wanted = { train: train === true ? train : undefined, schedule, trainingResources };
  return Object.entries(wanted)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key]) =>
        `${modelPath(name, key)} requires training code; make models/${name} with \`npm run new:model ${name}\` or leave it out`,
    );
}
