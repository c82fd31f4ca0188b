import { endpoints, endpointsOf, reach } from "./platformEndpoints.ts";
import type { ClusterAccess } from "./engine.ts";
import { describePrediction, predict, servedModel, waitForModel } from "./prediction.ts";
import type { Settings } from "./stackSettings.ts";
import { hasTrainingCode } from "../program/models.ts";
import type { ModelSetting } from "../program/modelSettings.ts";
import type { KubernetesClient } from "../local/support/kubernetesClient.ts";
import { awaitReady } from "../local/support/readiness.ts";
import type { JsonObject } from "../local/support/propertyValues.ts";
import { loadKubeconfig } from "../local/support/loadKubeconfig.ts";
import { reported } from "../local/support/progress.ts";

/**
 * Waits until each of the platform's DaemonSets has a pod on every node. Helm accepts one pod less, which on a cluster
 * of one node is none.
 */
export async function awaitDaemonSets(
  client: KubernetesClient,
  namespace: string,
  withinSeconds = 120,
): Promise<void> {
  for (const where of [namespace, `${namespace}-node-exporter`]) {
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

/** Tells people where the platform is, with a prediction by the model that it serves. */
export async function welcome(
  settings: Settings,
  access: ClusterAccess,
  outputs: Record<string, unknown>,
): Promise<void> {
  const answer = settings.config.paused
    ? ["It is paused: every workload has 0 pods until paused is false and `up` has run again."]
    : await firstPrediction(settings, access, outputs);
  console.log(["", ...summary(outputs, answer), ""].join("\n"));
}

/** What the served model predicts, in lines for people; without training there may be no model yet. */
async function firstPrediction(
  settings: Settings,
  access: ClusterAccess,
  outputs: Record<string, unknown>,
): Promise<string[]> {
  const { namespace, models } = settings.config;
  const [[modelName, { alias = "champion", train = true }]] = Object.entries(models) as [
    [string, ModelSetting],
  ];
  return await reported("Predicting with the served model", async (step) => {
    const kubeconfig = loadKubeconfig(access.kubeconfig, access.context);
    const serving = await reach(endpoints.serving, { kubeconfig, namespace, outputs });
    try {
      const trained = train && hasTrainingCode(modelName);
      if (!trained && typeof (await servedModel(serving.url)) === "string") {
        return [`No version of ${modelName} has the alias ${alias} yet.`];
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
