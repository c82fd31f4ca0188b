import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";
import { runInForeground } from "../../local/support/process.ts";
import { environment, type EnvironmentName } from "../support/pythonEnvironment.ts";
import { fromJunit, type Outcome } from "./outcome.ts";
import { failed, passed, resultsFolder } from "./static.ts";

const apps = join(checkoutRoot, "apps");

/** Ruff's rules and its formatting, over all Python. */
export async function pythonStyle(): Promise<Outcome> {
  const python = await environment("predict");
  const ruff = (...words: string[]) =>
    runInForeground(python, ["-m", "ruff", ...words], { cwd: checkoutRoot });
  // outside apps/ there is no configuration to be found
  const elsewhere = ["--config", "apps/ruff.toml", "bench", "models", "notebooks", "test/e2e"];
  const codes = [
    await ruff("check", "apps"),
    await ruff("check", ...elsewhere),
    await ruff("format", "--check", "apps"),
    await ruff("format", "--check", ...elsewhere),
  ];
  return {
    ...passed,
    passed: codes.filter((code) => code === 0).length,
    failed: codes.filter((code) => code !== 0).length,
  };
}

/** The tests of one app in the environment that holds its locked requirements. */
export async function pytest(app: string, name: EnvironmentName): Promise<Outcome> {
  const python = await environment(name);
  mkdirSync(resultsFolder, { recursive: true });
  const report = join(resultsFolder, `pytest-${app}.xml`);
  rmSync(report, { force: true });
  const args = [
    "-m",
    "pytest",
    "tests",
    "-q",
    "-rs",
    `--junitxml=${report}`,
    "-p",
    "no:cacheprovider",
  ];
  // its threads change the environment, which other threads read
  const env = { ...process.env, MLFLOW_DISABLE_TELEMETRY: "true" };
  const code = await runInForeground(python, args, { cwd: join(apps, app), env });
  if (!existsSync(report)) {
    console.log(`pytest of apps/${app} ended with exit code ${code} and left no report`);
    return failed;
  }
  return fromJunit(readFileSync(report, "utf8"));
}
