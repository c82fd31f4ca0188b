import type * as pulumi from "@pulumi/pulumi";
import {
  type Combination,
  exclusive,
  flag,
  list,
  object,
  required,
  type Rule,
  type Rules,
  text,
} from "../core/checks.ts";
import { slugOf } from "../core/slug.ts";
import {
  eitherReplicas,
  modelServerSettingsRules,
  type ModelServerSettings,
} from "../serving/arguments.ts";
import { modelRules } from "../tracking/arguments.ts";
import {
  type PipelineStep,
  pipelineSteps,
  stepsFit,
  type TrainingSettings,
  trainingSettingsRules,
  trialsOrCluster,
} from "../training/arguments.ts";

/** A model of a platform: its server, its place on the prediction page, and its training. */
export interface ServedModel extends ModelServerSettings {
  /** Name of the registered model. It need not exist yet. The names of the model's objects are derived from it, so changing it replaces them. */
  name: string;
  /** Alias of the version that is served; training moves it to a better version. Defaults to `champion`. */
  alias?: pulumi.Input<string>;
  /** Experiment of its training Jobs. Defaults to the model's name. */
  experimentName?: pulumi.Input<string>;
  /** Image that serves and trains the model. It must contain the packages that the model needs. */
  image: pulumi.Input<string>;
  /** Owner, such as a team's name or address; the prediction page shows it. Defaults to the `owner` that it was logged with. */
  owner?: pulumi.Input<string>;
  /** Whether the prediction page shows it. Defaults to true. */
  page?: boolean;
  /** Whether to raise alerts about it. Defaults to true. */
  monitor?: boolean;
  /** How it is trained. Left out, it is only served. */
  training?: ModelTraining;
}

/** How one model of a platform is trained. */
export interface ModelTraining extends TrainingSettings {
  /** Whether to train once when it is deployed, and again when its image changes. Defaults to true. */
  once?: boolean;
  /** Training steps in place of one command, run by a TrainingPipeline. Leave out with `command`, `trials` and `cluster`. */
  steps?: PipelineStep[];
}

const oneScriptOrSteps = (["command", "trials", "cluster"] as const).map((key) =>
  exclusive<ModelTraining>(key, "steps"),
);

export const servedModelRules: Rules<ServedModel> = {
  ...modelServerSettingsRules,
  name: modelRules.modelName,
  alias: modelRules.modelAlias,
  experimentName: text,
  image: required(text),
  owner: text,
  page: flag,
  monitor: flag,
  training: object<ModelTraining>(
    { ...trainingSettingsRules, once: flag, steps: pipelineSteps },
    ...oneScriptOrSteps,
    trialsOrCluster,
    stepsFit,
  ),
};

export const servedModels: Rule = required(list(object(servedModelRules, eitherReplicas)));

export const modelsFit: Combination<{ models: ServedModel[] }> = (check, { models }) => {
  if (models === undefined) return;
  check.refuse("models", models.length === 0, "models must not be empty; name one to serve");
  check.refuse(
    "models",
    models.length > 0 && models.every(({ page = true }) => !page),
    "models must have one at least that the prediction page shows; leave page out for it",
  );
  const slugs = models.map(({ name }) => slugOf(name));
  slugs.forEach((slug, index) => {
    const other = slugs.indexOf(slug);
    if (other === index) return;
    check
      .at("models")
      .at(index)
      .at("name")
      .must(`differ from models[${other}].name; name each model once`);
  });
};
