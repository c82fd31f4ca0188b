import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mlflow } from "../../../cli/mlflow.ts";
import { endpoints, isHealthy } from "../../../cli/platformEndpoints.ts";
import { type ServedModel, servedModel } from "../../../cli/prediction.ts";
import { modelsOf } from "../../../cli/servedModels.ts";
import { checkoutRoot } from "../../../local/support/cache.ts";
import { sleep } from "../../../local/support/process.ts";
import { waitUntil } from "../support/wait.ts";
import type { Writers } from "../support/writers.ts";
import type { Fault, Measured, Platform } from "./fault.ts";
import { predictOnce, startPredictors } from "./predictors.ts";
import { asMarkdown } from "./report.ts";

const answerMs = 5_000;

export function platformOf(outputs: Record<string, string>): Platform {
  const user = outputs["mlflowUsername"]!;
  const tracking = mlflow(outputs["mlflowTrackingUri"]!, user, outputs["mlflowPassword"]!);
  const models = modelsOf(outputs);
  const writes = async () => {
    const experiment_id = "0";
    const { run } = await tracking.call<{ run: { info: { run_id: string } } }>("runs/create", {
      experiment_id,
      start_time: Date.now(),
    });
    const { run_id } = run.info;
    const file = `${experiment_id}/${run_id}/artifacts/health`;
    await tracking.call("runs/log-metric", { run_id, key: "m", value: 1, timestamp: Date.now() });
    await tracking.putArtifact(file, run_id);
    if ((await tracking.getArtifact(file)) !== run_id) throw new Error(`${file} has changed`);
  };
  const page = async () => {
    if (await isHealthy(outputs["predictionAppUrl"]!, endpoints.prediction)) return;
    throw new Error("the prediction page does not answer");
  };
  const predicts = async (url: string) => predictOnce(url, await modelAt(url));
  return {
    outputs,
    models,
    tracking,
    checkHealth: async () => {
      const all = [writes(), page(), ...models.map(({ servingUrl }) => predicts(servingUrl))];
      const late = sleep(answerMs).then(() => Promise.reject(new Error("no answer in time")));
      await Promise.race([Promise.all(all), late]);
    },
  };
}

async function modelAt(url: string): Promise<ServedModel> {
  const model = await servedModel(url);
  if (typeof model === "string") throw new Error(model);
  return model;
}

/** Lets it happen while clients write and predict, and returns how they fared. */
export async function measure(
  fault: Fault,
  platform: Platform,
  writers: Writers,
): Promise<Measured> {
  const cleanUp = await fault.prepare?.(platform);
  try {
    await waitUntil("the platform is well before", 60, () => isWell(platform));
    await writers.begin();
    const predictors = await Promise.all(
      platform.models.map(async ({ servingUrl }) =>
        startPredictors(servingUrl, await modelAt(servingUrl), fault.predictionPauseMs ?? 100),
      ),
    );
    let recoverySeconds: number;
    try {
      const since = (await fault.happen(platform)) ?? Date.now();
      await waitUntil("the platform is well again", fault.withinSeconds ?? 120, () =>
        isWell(platform),
      );
      recoverySeconds = (Date.now() - since) / 1_000;
    } finally {
      predictors.forEach(({ stop }) => void stop());
    }
    const predicted = await Promise.all(predictors.map(({ stop }) => stop()));
    return {
      name: fault.name,
      recoverySeconds,
      predictions: {
        made: predicted.reduce((sum, { made }) => sum + made, 0),
        failed: predicted.map(({ failed }) => failed).reduce(added),
      },
      writes: await writers.end(),
    };
  } finally {
    await cleanUp?.();
  }
}

const isWell = async (platform: Platform): Promise<boolean> => {
  await platform.checkHealth();
  return true;
};

function added(some: Record<string, number>, more: Record<string, number>): Record<string, number> {
  const sum = { ...some };
  for (const [reason, count] of Object.entries(more)) sum[reason] = (sum[reason] ?? 0) + count;
  return sum;
}

const all: Measured[] = [];

/** Adds to what this run has measured: `test-results/faults.json`, and the table of the docs in `faults.md`. */
export function record(measured: Measured): void {
  all.push(measured);
  const folder = join(checkoutRoot, "test-results");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "faults.json"), `${JSON.stringify(all, null, 2)}\n`);
  writeFileSync(join(folder, "faults.md"), asMarkdown(all));
}
