import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ModelSettings, inOrderOfFile } from "../../program/modelSettings.ts";
import { inSettings, settingArguments } from "../../program/settingArguments.ts";
import { configOf } from "../support/config.ts";

const modelsOf = (models: object) => configOf({ models: JSON.stringify(models) });

/** The faults of a stack, one each. */
function faults(given: Record<string, string>): string[] {
  try {
    configOf(given);
    return [];
  } catch (error) {
    return (error as Error).message.split("\n  - ").slice(1);
  }
}
const faultsOf = (models: unknown) => faults({ models: JSON.stringify(models) });

test("a model with an empty value has all defaults", () => {
  expect(modelsOf({ churn: null }).models).toEqual({ churn: {} });
});

// prettier-ignore
test.each<[unknown, string[]]>([
  [[], ["models must be a map of models, each a map such as `churn: {}`, not `[]`"]],
  [{ churn: 3 }, ["models must be a map of models, each a map such as `churn: {}`, not `{\"churn\":3}`"]],
  [{}, ["models must not be empty; name one to serve"]],
  [{ churn: { replicas: 0 } }, ["models.churn.replicas must be a whole number from 1 to 100"]],
  [
    { churn: { replicas: 1, autoscaling: { maxReplicas: 2 } } },
    ["models.churn.replicas and models.churn.autoscaling exclude each other; leave one of them out"],
  ],
  [{ "größe 2": { resources: { cpuLimit: "x" } } }, ['models["größe 2"].resources.cpuLimit must be cores such as 2, 0.5 or 500m']],
  [{ churn: { alias: "v1" } }, ["models.churn.alias must be a word such as champion, and not of the form v1"]],
  [{ churn: { replica: 2 } }, ["models.churn.replica is not a setting; did you mean replicas?"]],
  [{ "a/b": {} }, ['models["a/b"] must be a name without / and :, which MLflow takes for a path and a version']],
  [{ churn: { image: "" } }, ["models.churn.image must be given"]],
  [{ churn: { image: "churn:1", runtime: "tabular" } }, ["models.churn.runtime has no effect with image; leave one of them out"]],
  [{ churn: { page: false } }, ["models must have one at least that the prediction page shows; leave page out for it"]],
  [{ churn: { nodePort: 30001 } }, ["models.churn.nodePort must differ from trackingNodePort; choose another port"]],
  [
    { churn: {}, fraud: { nodePort: 31345 } },
    ["models.fraud.nodePort must differ from models.churn.nodePort; choose another port"],
  ],
  [
    { churn: { schedule: "0 3 * * *", train: true } },
    ["train", "schedule"].map((key) => `models.churn.${key} requires training code; make models/churn with \`npm run new:model churn\` or leave it out`),
  ],
  [
    { "diabetes-progression": { schedule: "often", trainingResources: { memoryLimit: "much" } } },
    [
      "models.diabetes-progression.trainingResources.memoryLimit must be a quantity of bytes such as 512Mi",
      "models.diabetes-progression.schedule must be five cron fields such as `0 3 * * *`, or a word such as @daily",
    ],
  ],
])("%j is refused by the path of what is wrong", (models, sentences) => {
  expect(faultsOf(models)).toEqual(sentences);
});

test("a node port is refused on gke, where it would answer over plain HTTP", () => {
  const google = { cluster: "gke", gcpProject: "mlops-test", gcpRegion: "europe-west1" };
  const models = JSON.stringify({ churn: {}, fraud: { nodePort: 31400 } });
  expect(faults({ ...google, models })).toEqual([
    "models.fraud.nodePort must be 0 on gke, where a node port would serve plain HTTP; leave it out and use `npm run connect` or domain",
  ]);
});

test("only a model with a folder is trained, unless the stack disables it", () => {
  const training = (models: object) =>
    settingArguments(modelsOf(models)).platform.models[0]!.training;
  expect(training({ churn: {} })).toBeUndefined();
  expect(training({ "diabetes-progression": {} })).toEqual({});
  expect(training({ "diabetes-progression": { train: false } })).toBeUndefined();
  expect(training({ "diabetes-progression": { train: false, schedule: "@daily" } })).toEqual({
    once: false,
    schedule: "@daily",
  });
});

test("a fault of a step names the file that declares it", () => {
  expect(
    inSettings("models[1].training.cluster and models[1].training.steps", ["a", "fraud"]),
  ).toBe("cluster of models/fraud/model.yaml and steps of models/fraud/model.yaml");
  expect(inSettings("models[1].training.steps[2].name must differ", ["churn", "fraud"])).toBe(
    "steps[2].name of models/fraud/model.yaml must differ",
  );
});

test("the settings of a single model are refused with what to write", () => {
  const given = {
    ...{ modelName: "churn", modelAlias: "best", experimentName: "trials" },
    ...{ servingReplicas: "2", servingMaxReplicas: "5" },
  };
  expect(faults({ ...given, servingTargetCpuPercent: "60", servingAllowPickle: "true" })).toEqual([
    [
      "models are a list, and modelName, modelAlias, experimentName, servingReplicas, servingMaxReplicas, servingTargetCpuPercent, servingAllowPickle went into it; remove them from the stack's file and write",
      "",
      "      config:",
      "        mlops-platform:models:",
      "          churn:",
      "            alias: best",
      "            experimentName: trials",
      "            autoscaling:",
      "              minReplicas: 2",
      "              maxReplicas: 5",
      "              targetCpuPercent: 60",
      "            allowPickle: true",
      "",
    ].join("\n"),
  ]);
});

describe("the first model is the first of the stack's file, however the engine sorts them", () => {
  const folder = mkdtempSync(join(tmpdir(), "stack-"));
  const file = join(folder, "Pulumi.dev.yaml");
  afterAll(() => rmSync(folder, { recursive: true }));
  const order = (models: ModelSettings) =>
    Object.keys(JSON.parse(inOrderOfFile(JSON.stringify(models), file)!) as object);

  test("in the order of the file, others last", () => {
    writeFileSync(file, "config:\n  mlops-platform:models:\n    fraud:\n    churn: {}\n");
    expect(order({ another: {}, churn: {}, fraud: {} })).toEqual(["fraud", "churn", "another"]);
  });

  test.each(["", "config:\n"])("as they come, where the file has none: %j", (content) => {
    writeFileSync(file, content);
    expect(order({ churn: {}, another: {} })).toEqual(["churn", "another"]);
    expect(inOrderOfFile("not JSON", file)).toBe("not JSON");
    expect(inOrderOfFile(undefined, join(folder, "missing"))).toBeUndefined();
  });
});
