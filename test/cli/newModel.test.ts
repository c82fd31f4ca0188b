import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeModelFolder } from "../../cli/commands/newModel.ts";
import { modelFolderFaults, modelsFolder, trainedModels } from "../../program/models.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "new-model-"));
  cpSync(join(modelsFolder, ".template"), join(folder, ".template"), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a new model has a folder that is complete and is found", () => {
  makeModelFolder("churn-rate", folder);
  expect(trainedModels(folder)).toEqual(["churn-rate"]);
  expect(modelFolderFaults("churn-rate", folder)).toEqual([]);
});

test.each([
  ["Churn", /^Churn is not a name .* use lower-case letters/],
  ["churn_rate", /^churn_rate is not a name/],
  ["../churn", /^\.\.\/churn is not a name/],
  ["churn-", /^churn- is not a name/],
  ["2churn", /^2churn is not a name/],
  ["c".repeat(41), /40 characters at most/],
  [undefined, /^name the model: `npm run new:model churn`$/],
  ["taken", /^models\/taken exists already; choose another name/],
])("%s is refused, and nothing is made", (name, message) => {
  mkdirSync(join(folder, "taken"));
  expect(() => makeModelFolder(name, folder)).toThrow(message);
  expect(readdirSync(folder).sort()).toEqual([".template", "taken"]);
  expect(readdirSync(join(folder, "taken"))).toEqual([]);
});
