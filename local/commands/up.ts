import { holdImageTags } from "../../images.ts";
import { findTarget, startTarget, targetOptions } from "../access.ts";
import { readDeployment, writeDeployment } from "../deployment.ts";
import { endpoints, endpointsOf } from "../endpointList.ts";
import { reach } from "../endpoints.ts";
import { chooseEngine, type ClusterAccess, engineOption, openEngine } from "../engines.ts";
import { provideImages } from "../imageTarget.ts";
import { describePrediction, predict, servedModel, waitForModel } from "../prediction.ts";
import { readSettings, type Settings, settingsOptions } from "../settings.ts";
import { chooseCharts, settingsFor, standInSentence } from "../standInCharts.ts";
import type { Command } from "../support/arguments.ts";
import { confirm } from "../support/confirm.ts";
import { UserError } from "../support/errors.ts";
import { loadKubeconfig } from "../support/kubeconfig.ts";
import { reported } from "../support/progress.ts";
import { describeTarget, isOnThisMachine, type Target } from "../target.ts";

const modelWithinSeconds = 180;

/** The one command: cluster, images, platform, model, prediction. */
export const up: Command = {
  options: {
    ...settingsOptions,
    ...targetOptions,
    ...engineOption,
    yes: { type: "boolean", short: "y", help: "Do not ask before deploying to a remote cluster" },
  },
  async run(values) {
    holdImageTags();
    const given = readSettings(values);
    const remembered = readDeployment(given.stack);
    const engineName = chooseEngine(values, remembered?.engine);
    const charts = await chooseCharts(given, remembered);
    const settings = settingsFor(charts, given);
    const target = await findTarget(values, settings, remembered);
    if (!remembered) await agree(target, values["yes"] === true || "context" in values);
    console.error(`Deploying to ${describeTarget(target)}, stack ${settings.stack}`);
    if (charts === "stand-in") console.error(standInSentence);

    const access = await startTarget(target);
    await provideImages(settings, target, { standInCharts: charts === "stand-in" });
    const { namespace } = settings.config;
    // before the engine runs: what a failed run has left behind can then be removed by `down`
    writeDeployment(settings.stack, { target, engine: engineName, namespace, charts });
    const engine = openEngine(engineName, settings, access);
    const code = await engine.up();
    if (code !== 0) return code;
    const outputs = await engine.outputs({ showSecrets: false });
    const answer = await firstPrediction(settings, access, outputs);
    console.log(["", ...summary(outputs, answer), ""].join("\n"));
    return 0;
  },
};

/** Nobody should deploy to production because their kubeconfig happened to point there. */
async function agree(target: Target, isAgreed: boolean): Promise<void> {
  if (isAgreed || target.kind !== "context" || isOnThisMachine(target.context)) return;
  if (await confirm(`Deploy to ${describeTarget(target)}?`)) return;
  throw new UserError(
    `${describeTarget(target)} is no cluster of this machine; confirm it with --yes or --context ${target.context}`,
  );
}

/** What the served model predicts, in lines for people; without training there may be no model yet. */
async function firstPrediction(
  settings: Settings,
  access: ClusterAccess,
  outputs: Record<string, unknown>,
): Promise<string[]> {
  const { namespace, trainExampleModel, modelName, modelAlias } = settings.config;
  return await reported("Predicting with the served model", async (step) => {
    const kubeconfig = loadKubeconfig(access.kubeconfig);
    if (access.context !== undefined) kubeconfig.setCurrentContext(access.context);
    const serving = await reach(endpoints.serving, { kubeconfig, namespace, outputs });
    try {
      if (!trainExampleModel && typeof (await servedModel(serving.url)) === "string") {
        return [`No version of ${modelName} has the alias ${modelAlias} yet.`];
      }
      const model = await waitForModel(serving.url, modelWithinSeconds, step);
      return describePrediction(await predict(serving.url, model));
    } finally {
      await serving.close();
    }
  });
}

function summary(outputs: Record<string, unknown>, prediction: string[]): string[] {
  const rows = endpointsOf(outputs).map(
    (name) => `  ${endpoints[name].title.padEnd(17)}${String(outputs[endpoints[name].output])}`,
  );
  return [
    "The platform is up.",
    "",
    ...rows,
    "",
    ...prediction.map((line) => `  ${line}`),
    "",
    "Next:",
    "  npm run connect                       localhost URLs, and .env for notebooks/train-and-promote.ipynb",
    "  npm run verify                        proof that a model goes the whole way",
    "  npm run outputs -- --show-secrets     user names and passwords",
  ];
}
