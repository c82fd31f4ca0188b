import { endpointsOf, reach, shownUrl } from "./platformEndpoints.ts";
import type { ClusterAccess } from "./engine.ts";
import { describeServed, servedModel, waitForModel } from "./prediction.ts";
import { endpointOf, modelsOf, type StackModel } from "./servedModels.ts";
import type { Settings } from "./stackSettings.ts";
import { hasTrainingCode } from "../program/models.ts";
import type { KubernetesClient } from "../local/support/kubernetesClient.ts";
import { awaitReady } from "../local/support/readiness.ts";
import type { JsonObject } from "../local/support/propertyValues.ts";
import { loadKubeconfig } from "../local/support/loadKubeconfig.ts";
import { UserError } from "../local/support/errors.ts";
import { reported } from "../local/support/progress.ts";

/**
 * Waits until each of the platform's DaemonSets has a pod on every node. Helm accepts one pod less, which on a cluster
 * of one node is none.
 */
export async function awaitDaemonSets(
  client: KubernetesClient,
  namespaces: readonly string[],
  withinSeconds = 120,
): Promise<void> {
  for (const where of namespaces) {
    const list = await client.request("GET", `/apis/apps/v1/namespaces/${where}/daemonsets`);
    for (const item of (list["items"] ?? []) as JsonObject[]) {
      const daemonSet = { apiVersion: "apps/v1", kind: "DaemonSet", ...item };
      await reported("Waiting for a pod on every node", (step) =>
        awaitReady(client, daemonSet, withinSeconds, {
          wait: (text) => step.update(text),
          signal: new AbortController().signal,
        }),
      );
    }
  }
}

const modelWithinSeconds = 180;
const answerWithinSeconds = 30;

/**
 * Tells people where the platform is, with a prediction by each model that it serves.
 * @throws UserError, after that, for each model that was trained and is not served.
 */
export async function welcome(
  settings: Settings,
  access: ClusterAccess,
  outputs: Record<string, unknown>,
): Promise<void> {
  const { paused } = settings.config;
  const models = modelsOf(outputs);
  const shown: [StackModel, string][] = [];
  const faults: string[] = [];
  for (const model of paused ? [] : models) {
    try {
      shown.push([model, await tryOut(model, settings, access)]);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      shown.push([model, "is not served"]);
      faults.push(error.message);
    }
  }
  const about = paused
    ? ["It is paused: every workload has 0 pods until paused is false and `up` has run again."]
    : modelLines(shown);
  console.log(["", ...summary(outputs, about), ""].join("\n"));
  if (faults.length > 0) throw new UserError(faults.join("\n"));
}

/** What the model's server predicts, or why it serves nothing: without training there may be no version yet. */
async function tryOut(
  model: StackModel,
  settings: Settings,
  access: ClusterAccess,
): Promise<string> {
  const { name } = model;
  return await reported(`Predicting with ${name}`, async (step) => {
    const kubeconfig = loadKubeconfig(access.kubeconfig, access.context);
    const { namespace } = settings.config;
    const serving = await reach(endpointOf(model), { kubeconfig, namespace });
    try {
      const served = isTrained(settings, name)
        ? await waitForModel(name, serving.url, modelWithinSeconds, step)
        : await servedModel(serving.url, answerWithinSeconds);
      return typeof served === "string" ? served : await describeServed(serving.url, served);
    } finally {
      await serving.close();
    }
  });
}

const isTrained = ({ config }: Settings, name: string): boolean =>
  config.models[name]?.train !== false && hasTrainingCode(name);

/** A line for each model: what it predicts, its server and its page. */
function modelLines(shown: readonly [StackModel, string][]): string[] {
  const width = Math.max(...shown.map(([{ name }]) => name.length));
  return shown.map(([{ name, servingUrl, pageUrl }, sentence]) => {
    const urls = [servingUrl, ...(pageUrl ? [pageUrl] : [])].map(shownUrl);
    return [`${name.padEnd(width)} ${sentence}`, ...new Set(urls)].join(" · ");
  });
}

function summary(outputs: Record<string, unknown>, about: string[]): string[] {
  const rows = endpointsOf(outputs).map(({ title, url }) => `${title.padEnd(17)}${shownUrl(url)}`);
  return [
    "The platform is up.",
    "",
    ...rows.map((line) => `  ${line}`),
    "",
    ...about.map((line) => `  ${line}`),
    "",
    "Next:",
    "  npm run connect                       localhost URLs, and .env for notebooks/train-and-promote.ipynb",
    "  npm run verify                        an end-to-end check: log, register, promote, serve, predict",
    "  npm run outputs -- --show-secrets     user names and passwords",
  ];
}
