import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../../../local/support/cache.ts";
import { run } from "../../../local/support/process.ts";
import { environment as pythonEnvironment } from "../../support/pythonEnvironment.ts";

/** Runs a notebook as a person would, with nothing but `.env`; returns it with its outputs, which is kept too. */
export async function executeNotebook(name: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const folder = join(checkoutRoot, "notebooks");
  const results = join(checkoutRoot, "test-results");
  mkdirSync(results, { recursive: true });
  const executed = join(results, `${name}.ipynb`);
  // raises on the first cell that fails
  const program = [
    "import sys, nbformat",
    "from nbclient import NotebookClient",
    "notebook = nbformat.read(sys.argv[1], as_version=4)",
    "NotebookClient(notebook, timeout=600, kernel_name='python3').execute()",
    "nbformat.write(notebook, sys.argv[2])",
  ].join("\n");
  const python = await pythonEnvironment("mlflow");
  await run(python, ["-c", program, join(folder, `${name}.ipynb`), executed], {
    cwd: folder,
    env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: "true", ...env },
  });
  return readFileSync(executed, "utf8");
}
