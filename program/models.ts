import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv, type ErrorObject } from "ajv";
import { parse } from "yaml";
import type { ContainerResources, PipelineStep, TrainingCluster } from "../components/index.ts";

/** What a model's folder declares in its model.yaml, as `models/model.schema.json` describes it. */
export interface ModelFile {
  readonly metric: string;
  readonly direction: "minimize" | "maximize";
  readonly resources?: {
    readonly serving?: ContainerResources;
    readonly training?: ContainerResources;
  };
  readonly cluster?: TrainingCluster;
  /** In place of train.py. Numbers and flags among the parameters are written as they are. */
  readonly steps?: (Omit<PipelineStep, "command" | "image" | "parameters"> & {
    readonly command: string[];
    readonly image?: string;
    readonly parameters?: { readonly [key: string]: string | number | boolean };
  })[];
}

/** Holds a folder for each model that this checkout trains. */
export const modelsFolder = fileURLToPath(new URL("../models", import.meta.url));

// the name of the folder is that of an image as well
const folderName = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const mostLetters = 40;

/** Why no folder can bear this name; undefined where one can. */
export function folderNameFault(name: string): string | undefined {
  if (folderName.test(name) && name.length <= mostLetters) return undefined;
  return `${name} is not a name for a model's folder; use lower-case letters, digits and single hyphens, a letter first, at most ${mostLetters} characters, such as churn-rate`;
}

export const trainedModels = (folder = modelsFolder): string[] => foldersIn(folder);

/** The runtimes that have a folder: libraries in addition to those of the model server. */
export const runtimes = (): string[] =>
  foldersIn(fileURLToPath(new URL("../runtimes", import.meta.url)));

const foldersIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && folderName.test(entry.name))
    .map(({ name }) => name)
    .sort();

/** Whether this checkout has the code that trains a model. One without is served, not trained. */
export const hasTrainingCode = (name: string): boolean => trainedModels().includes(name);

/** What is wrong with a model's folder, a sentence each; nothing where there is no folder. */
export function modelFolderFaults(name: string, folder = modelsFolder): string[] {
  if (name === "" || !existsSync(join(folder, name))) return [];
  const badName = folderNameFault(name);
  if (badName !== undefined) return [badName];
  const missing = (file: string) =>
    existsSync(join(folder, name, file))
      ? []
      : [`models/${name}/${file} is missing; \`npm run new:model\` makes one`];
  const noFile = missing("model.yaml");
  if (noFile.length > 0) return [...missing("train.py"), ...noFile];
  const faults = checkModelFile(name, folder);
  if (faults.length > 0) return faults;
  return readModelFile(name, folder).steps === undefined ? missing("train.py") : [];
}

/** The content of a model.yaml that has no faults. */
export const readModelFile = (name: string, folder = modelsFolder): ModelFile =>
  parse(readFileSync(join(folder, name, "model.yaml"), "utf8")) as ModelFile;

function checkModelFile(name: string, folder: string): string[] {
  const file = `models/${name}/model.yaml`;
  let content: ModelFile;
  try {
    content = readModelFile(name, folder);
  } catch (error) {
    return [`${file} is not YAML: ${(error as Error).message.split("\n")[0]}`];
  }
  const schema = readFileSync(join(modelsFolder, "model.schema.json"), "utf8");
  const validate = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true }).compile(
    JSON.parse(schema) as object,
  );
  if (validate(content)) return [];
  return (validate.errors ?? []).map((error) => `${file}: ${sentence(error)}`);
}

/** The path, the rule and the fix: the schema's descriptions say what is wanted. */
function sentence({ instancePath, keyword, params, parentSchema, data }: ErrorObject): string {
  const path = instancePath.split("/").slice(1);
  const { properties = {}, description } = parentSchema as {
    properties?: Record<string, { description: string }>;
    description: string;
  };
  switch (keyword) {
    case "required": {
      const key = String(params["missingProperty"]);
      return `${[...path, key].join(".")} is missing; it is ${properties[key]?.description}`;
    }
    case "additionalProperties": {
      const key = [...path, params["additionalProperty"]].join(".");
      return `${key} is not known; use ${Object.keys(properties).join(", ")}`;
    }
    default:
      return `${path.join(".") || "its content"} must be ${description}, not ${JSON.stringify(data)}`;
  }
}
