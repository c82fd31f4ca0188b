import { join } from "node:path";
import { checkoutRoot } from "../../../local/support/cache.ts";
import { run } from "../../../local/support/process.ts";
import { environment as pythonEnvironment } from "../../support/pythonEnvironment.ts";

/** Kinds of model versions that `registerModel.py` makes. */
export type ModelKind = "constant" | "pickled" | "unsigned" | "crashing" | "oversized";

/** Logs a model as the notebook's user would, registers it and returns the version. */
export async function registerModel(
  variables: Record<string, string>,
  kind: ModelKind,
  value = 0,
): Promise<string> {
  const python = await pythonEnvironment("mlflow");
  const script = join(checkoutRoot, "test", "e2e", "support", "register_model.py");
  const printed = await run(python, [script, kind, String(value)], {
    env: {
      ...process.env,
      ...variables,
      PYTHONPATH: ["apps/training/src", "models/diabetes-progression"]
        .map((folder) => join(checkoutRoot, folder))
        .join(":"),
      MLFLOW_DISABLE_TELEMETRY: "true",
    },
  });
  return printed.trim().split("\n").at(-1)!;
}
