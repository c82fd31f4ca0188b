import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { imageOfModel, runtimeFault } from "../../program/images.ts";
import { hasTrainingCode, modelFolderFaults, trainedModels } from "../../program/models.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "models-"));
  mkdirSync(join(folder, "churn"));
  writeFileSync(join(folder, "churn", "train.py"), "");
});
afterEach(() => rmSync(folder, { recursive: true }));

const faultsOf = (content: string) => {
  writeFileSync(join(folder, "churn", "model.yaml"), content);
  return modelFolderFaults("churn", folder);
};

test("every model of this repository has a folder without faults", () => {
  expect(trainedModels()).toContain("diabetes-progression");
  for (const name of trainedModels()) expect(modelFolderFaults(name)).toEqual([]);
});

test("a model with a folder has its own image; one without is served by the model server's and not trained", () => {
  expect(imageOfModel("diabetes-progression")).toBe("model-diabetes-progression");
  expect(imageOfModel("not-here")).toBe("serving");
  expect(imageOfModel("not-here", "catboost")).toBe("runtime-catboost");
  expect(imageOfModel("diabetes-progression", "tabular")).toBe("model-diabetes-progression");
  expect(imageOfModel("diabetes-progression", "catboost")).toBe(
    "runtime-catboost/model-diabetes-progression",
  );
  expect(hasTrainingCode("not-here")).toBe(false);
  expect(hasTrainingCode("..")).toBe(false);
  expect(modelFolderFaults("not-here")).toEqual([]);
});

test("a runtime is a folder of runtimes, or that of the model server's image", () => {
  expect(runtimeFault("tabular")).toBeUndefined();
  expect(runtimeFault("catboost")).toBeUndefined();
  expect(runtimeFault("catbost")).toBe(
    "catbost is not a runtime; use tabular or catboost, or add the folder runtimes/catbost",
  );
});

test("a complete model.yaml has no fault", () => {
  const resources =
    '{ serving: { memoryLimit: 1Gi }, training: { cpuLimit: "4", cpuRequest: 500m } }';
  expect(faultsOf(`metric: f1\ndirection: maximize\nresources: ${resources}\n`)).toEqual([]);
});

const steps = "steps: [{ name: prepare, command: [python, prepare.py], parameters: { rows: 10 } }]";

test("steps take the place of train.py", () => {
  rmSync(join(folder, "churn", "train.py"));
  expect(faultsOf(`metric: f1\ndirection: maximize\n${steps}\n`)).toEqual([]);
  expect(faultsOf("metric: f1\ndirection: maximize\n")).toEqual([
    "models/churn/train.py is missing; `npm run new:model` makes one",
  ]);
});

const metric = "the metric of train.py that decides whether a new version replaces the champion";
test.each([
  ["direction: minimize", [`metric is missing; it is ${metric}, such as accuracy`]],
  ["metric: 3\ndirection: minimize", [`metric must be ${metric}, such as accuracy, not 3`]],
  [
    "metric: f1\ndirection: up",
    [
      'direction must be minimize if a lower metric is better, maximize if a higher one is, not "up"',
    ],
  ],
  [
    "metrics: f1\ndirection: maximize",
    [
      `metric is missing; it is ${metric}, such as accuracy`,
      "metrics is not known; use metric, direction, resources, cluster, steps",
    ],
  ],
  [
    "metric: f1\ndirection: maximize\nsteps: [{ name: Prepare, cmd: x, parameters: { rows: [1] } }]",
    [
      "steps.0.command is missing; it is what runs in the model's folder, a list such as [python, prepare.py]",
      "steps.0.cmd is not known; use name, command, image, parameters, resources, gpu, cluster, timeoutSeconds, cache",
      'steps.0.name must be the name of the step and of its run: lower-case letters, digits and dashes, a letter first, such as prepare, not "Prepare"',
      "steps.0.parameters.rows must be a string, a number, or true or false, not [1]",
    ],
  ],
  [
    "metric: f1\ndirection: maximize\ncluster: { workers: 0, nodes: 2 }",
    [
      "cluster.nodes is not known; use workers, threads",
      "cluster.workers must be the number of worker pods, a whole number from 1 to 99, not 0",
    ],
  ],
  [
    "metric: f1\ndirection: maximize\nresources: { training: { memoryLimit: 2 GB, gpu: 1 } }",
    [
      "resources.training.gpu is not known; use cpuRequest, cpuLimit, memoryRequest, memoryLimit",
      'resources.training.memoryLimit must be a quantity of memory such as 512Mi or 2Gi, not "2 GB"',
    ],
  ],
])("%s is one sentence for each fault, with its path, the rule and the fix", (content, faults) => {
  expect(faultsOf(content)).toEqual(faults.map((fault) => `models/churn/model.yaml: ${fault}`));
});

test("an invalid YAML file and a missing one are reported", () => {
  expect(faultsOf("metric: [")).toEqual([
    expect.stringMatching(/^models\/churn\/model\.yaml is not YAML: /),
  ]);
  rmSync(join(folder, "churn"), { recursive: true });
  mkdirSync(join(folder, "churn"));
  expect(modelFolderFaults("churn", folder)).toEqual([
    "models/churn/train.py is missing; `npm run new:model` makes one",
    "models/churn/model.yaml is missing; `npm run new:model` makes one",
  ]);
});

test("a folder with a name that is invalid for an image is refused", () => {
  mkdirSync(join(folder, "Churn_Rate"));
  expect(modelFolderFaults("Churn_Rate", folder)).toEqual([
    expect.stringMatching(/^Churn_Rate is not a name for a model's folder; use lower-case/),
  ]);
});
