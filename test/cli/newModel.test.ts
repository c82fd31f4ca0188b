import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addModel, makeModelFolder } from "../../cli/commands/newModel.ts";
import { modelFolderFaults, modelsFolder, trainedModels } from "../../program/models.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "new-model-"));
  cpSync(join(modelsFolder, ".template"), join(folder, ".template"), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a new model has a complete folder that the program finds", () => {
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
  ["c".repeat(41), /at most 40 characters/],
  [undefined, /^name the model: `npm run new:model churn`$/],
  ["taken", /^models\/taken exists already; choose another name/],
])("%s is refused, and nothing is made", (name, message) => {
  mkdirSync(join(folder, "taken"));
  expect(() => makeModelFolder(name, folder)).toThrow(message);
  expect(readdirSync(folder).sort()).toEqual([".template", "taken"]);
  expect(readdirSync(join(folder, "taken"))).toEqual([]);
});

describe("the stack's file", () => {
  const file = () => join(folder, "Pulumi.dev.yaml");
  const added = (name: string, text?: string) => {
    if (text !== undefined) writeFileSync(file(), text);
    addModel(name, file(), "mlops-platform");
    return readFileSync(file(), "utf8");
  };

  test("gets the new model next to the example, and keeps everything else", () => {
    const text = "# ours\nconfig:\n  mlops-platform:namespace: ml # the team's\n";
    const models = "  mlops-platform:models:\n    diabetes-progression: {}\n    churn: {}\n";
    expect(added("churn", text)).toBe(text + models);
  });

  test("keeps the listed models, in their order, with their settings", () => {
    const text =
      "config:\n  mlops-platform:models:\n    spare:\n      replicas: 2 # two teams\n    iris: {}\n";
    expect(added("churn", text)).toBe(`${text}    churn: {}\n`);
    expect(added("spare")).toBe(`${text}    churn: {}\n`);
  });

  test("is created where the stack has none", () => {
    expect(added("churn")).toContain("  mlops-platform:models:\n    diabetes-progression: {}\n");
  });
});
