import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Document, parseDocument } from "yaml";
import { folderNameFault, modelsFolder } from "../../program/models.ts";
import { settingOf } from "../../program/settings.ts";
import { readSettings, stackFile } from "../stackSettings.ts";
import type { Options } from "../commandLine.ts";
import { UserError } from "../../local/support/errors.ts";

/** Makes the folder of a new model, lets the stack serve it, and says what to do next. */
export function newModel(options: Options, [name]: string[]): Promise<number> {
  const { stack, project } = readSettings(options);
  makeModelFolder(name);
  const file = stackFile(stack);
  addModel(name!, file, project);
  console.log(nextSteps(name!, basename(file), stack));
  return Promise.resolve(0);
}

/**
 * Makes the folder of a model from the template.
 * @throws UserError where the name is bad or taken, before anything is written.
 */
export function makeModelFolder(name: string | undefined, folder = modelsFolder): string {
  if (name === undefined) throw new UserError("name the model: `npm run new:model churn`");
  const fault = folderNameFault(name);
  if (fault !== undefined) throw new UserError(fault);
  const made = join(folder, name);
  if (existsSync(made)) {
    throw new UserError(`models/${name} exists already; choose another name or remove that folder`);
  }
  cpSync(join(folder, ".template"), made, { recursive: true });
  return made;
}

/** Adds a model to the stack's file, where it is not among the stack's models yet; all else in it stays. */
export function addModel(name: string, file: string, project: string): void {
  const stack: Document = parseDocument(existsSync(file) ? readFileSync(file, "utf8") : "");
  const models = ["config", `${project}:models`];
  if (!stack.hasIn(models)) stack.setIn(models, stack.createNode(settingOf("models").default));
  if (!stack.hasIn([...models, name])) stack.setIn([...models, name], stack.createNode({}));
  writeFileSync(file, stack.toString({ lineWidth: 0 }));
}

const nextSteps = (name: string, file: string, stack: string): string =>
  [
    `models/${name} is ready, a classifier that trains without changes, and ${file} lists it.`,
    "",
    "Next:",
    `  npm run up${stack === "dev" ? "" : ` -- --stack ${stack}`}`.padEnd(36) +
      "builds its image, trains, registers, serves and shows it",
    `  edit models/${name}/train.py`.padEnd(36) + "your data, your model, your metrics",
    `  edit models/${name}/model.yaml`.padEnd(36) +
      "the metric that decides which version is better",
    "",
    "docs/how-to/add-a-model.md has the rest: requirements, data, a trial run on this machine.",
  ].join("\n");
