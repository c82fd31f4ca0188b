import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { folderNameFault, modelsFolder } from "../../program/models.ts";
import { UserError } from "../../local/support/errors.ts";

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

/** Makes the folder of a new model, and says what to do with it. */
export function newModel(_: object, [name]: string[]): Promise<number> {
  makeModelFolder(name);
  console.log(nextSteps(name!));
  return Promise.resolve(0);
}

const nextSteps = (name: string): string =>
  [
    `models/${name} is ready: a classifier that trains as it is.`,
    "",
    "Next:",
    `  edit models/${name}/train.py      your data, your model, your metrics`,
    `  edit models/${name}/model.yaml    the metric that decides which version is better`,
    `  set modelName to ${name} in Pulumi.dev.yaml, then`,
    `  npm run up                        builds its image, trains, registers, serves and shows it`,
    "",
    "docs/how-to/add-a-model.md has the rest: requirements, data, a trial run on this machine.",
  ].join("\n");
