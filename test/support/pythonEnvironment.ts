import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot, claimCache } from "../../local/support/cache.ts";
import { UserError } from "../../local/support/errors.ts";
import { withLock } from "../../local/support/lock.ts";
import { run, which } from "../../local/support/process.ts";
import { reported } from "../../local/support/progress.ts";

/** MLflow's server, the model server with its runtimes, training and the notebook: their locks agree. */
const mlflow = [
  "apps/tracking/requirements.txt",
  "apps/serving/requirements.txt",
  "runtimes/catboost/requirements.txt",
  "notebooks/requirements.txt",
] as const;

/** Locked requirements first, installed as they are; what only tests need after them. */
const environments = {
  mlflow: { locked: mlflow, further: ["apps/requirements-dev.txt"] },
  /** With the servers that others use. */
  bench: { locked: mlflow, further: ["apps/requirements-dev.txt", "bench/peers.txt"] },
  predict: {
    locked: ["apps/predict/requirements.txt"],
    further: ["apps/requirements-dev.txt"],
  },
  /** Programs, not a library. */
  postgres: { locked: [], further: ["test/support/postgresMajors.txt"] },
} as const;

export type EnvironmentName = keyof typeof environments;

const oldestMinor = 11;

/**
 * The Python of a virtual environment with an app's requirements. It is made once per content of the requirement
 * files and kept in the cache.
 */
export async function environment(name: EnvironmentName): Promise<string> {
  const { locked, further } = environments[name];
  const base = await findPython();
  const hash = createHash("sha256").update(await run(base, ["--version"]));
  for (const file of [...locked, ...further]) hash.update(readFileSync(join(checkoutRoot, file)));
  const folder = join(
    claimCache(),
    "tests",
    "python",
    `${name}-${hash.digest("hex").slice(0, 12)}`,
  );
  const isComplete = () => existsSync(join(folder, completeMark));
  const make = () =>
    reported(`Making the Python environment ${name}`, (step) =>
      build(folder, base, environments[name], (line) => step.update(line.slice(0, 80))),
    );
  // another stage may need it at the same time
  if (!isComplete()) {
    await withLock(
      `${folder}.lock`,
      `making the Python environment ${name}`,
      async () => isComplete() || (await make()),
      () => {},
    );
  }
  return join(folder, "bin", "python");
}

const completeMark = "complete";

/** In its place from the start, for the programs in it name their Python by its path. */
async function build(
  folder: string,
  base: string,
  { locked, further }: { locked: readonly string[]; further: readonly string[] },
  onLine: (line: string) => void,
): Promise<void> {
  const install = (file: string, ...flags: string[]) =>
    run(
      join(folder, "bin", "python"),
      ["-m", "pip", "install", "--no-input", "--progress-bar=off", ...flags, "-r", file],
      { cwd: checkoutRoot, onLine },
    );
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await run(base, ["-m", "venv", folder], { onLine });
  for (const file of locked) await install(file, "--no-deps");
  for (const file of further) await install(file);
  writeFileSync(join(folder, completeMark), "");
}

async function findPython(): Promise<string> {
  for (const name of ["python3.11", "python3"]) {
    if (!which(name)) continue;
    const version = /Python 3\.(\d+)/.exec(await run(name, ["--version"]).catch(() => ""))?.[1];
    if (Number(version ?? 0) >= oldestMinor) return name;
  }
  throw new UserError(
    `the tests need Python 3.${oldestMinor} or newer; install python3 and python3-venv`,
  );
}
