import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../../../local/support/cache.ts";
import { run } from "../../../local/support/process.ts";
import { modelsFolder } from "../../../program/models.ts";
import { environment as pythonEnvironment } from "../../support/pythonEnvironment.ts";

/** Kinds of model versions that `registerModel.py` makes. */
export type ModelKind = "constant" | "pickled" | "unsigned" | "crashing" | "oversized" | "waiting";

/** Runs a plain script that logs a model of the library and registers it, with what the stack's outputs say. */
export async function logAndRegister(
  outputs: Record<string, unknown>,
  ...args: [library: "xgboost" | "lightgbm", name: string, trees: number]
): Promise<{ version: string; predicted: number }> {
  const printed = await run(
    await pythonEnvironment("mlflow"),
    [scriptOf("log_and_register"), ...args.map(String)],
    {
      env: {
        ...process.env,
        MLFLOW_TRACKING_URI: String(outputs["mlflowTrackingUri"]),
        MLFLOW_TRACKING_USERNAME: String(outputs["mlflowUsername"]),
        MLFLOW_TRACKING_PASSWORD: String(outputs["mlflowPassword"]),
        MLFLOW_DISABLE_TELEMETRY: "true",
      },
    },
  );
  return JSON.parse(printed.trim().split("\n").at(-1)!) as { version: string; predicted: number };
}

const scriptOf = (name: string) => join(checkoutRoot, "test", "e2e", "support", `${name}.py`);

/** Logs a model of each kind as the notebook's user would, registers them and returns their versions. */
export async function registerModels<Kind extends ModelKind>(
  variables: Record<string, string>,
  kinds: readonly Kind[],
  value = 0,
): Promise<Record<Kind, string>> {
  const python = await pythonEnvironment("mlflow");
  const printed = await run(python, [scriptOf("register_model"), String(value), ...kinds], {
    env: {
      ...process.env,
      ...variables,
      PYTHONPATH: ["apps/training/src", "models/diabetes-progression"]
        .map((folder) => join(checkoutRoot, folder))
        .join(":"),
      MLFLOW_DISABLE_TELEMETRY: "true",
    },
  });
  const versions = printed.trim().split("\n").at(-1)!.split(" ");
  return Object.fromEntries(kinds.map((kind, index) => [kind, versions[index]!])) as Record<
    Kind,
    string
  >;
}

/** Has a folder of this directory among the models of the checkout while `work` runs. */
export async function withModelFolder<T>(
  name: string,
  source: string,
  work: () => Promise<T>,
): Promise<T> {
  const folder = join(modelsFolder, name);
  cpSync(join(import.meta.dirname, source), folder, { recursive: true });
  try {
    return await work();
  } finally {
    rmSync(folder, { recursive: true });
  }
}
