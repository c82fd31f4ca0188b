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

interface Contents {
  locked: readonly string[];
  further: readonly string[];
  /** Has the step that installs them, which then does. */
  dockerfile?: string;
}

const image = (app: string): Contents => ({
  locked: [`apps/${app}/requirements.txt`],
  further: [],
  dockerfile: `apps/${app}/Dockerfile`,
});

/** Locked requirements first, installed as they are; what only tests need after them. */
const environments = {
  mlflow: { locked: mlflow, further: ["apps/requirements-dev.txt"] },
  /** With the servers that others use. */
  bench: { locked: mlflow, further: ["apps/requirements-dev.txt", "bench/peers.txt"] },
  predict: {
    locked: ["apps/predict/requirements.txt"],
    further: ["apps/requirements-dev.txt"],
  },
  /** What is inside images, and what others put into theirs. */
  trackingImage: image("tracking"),
  predictImage: image("predict"),
  servingImage: image("serving"),
  mlflowExtras: { locked: ["bench/stock/mlflow-extras.txt"], further: [] },
  streamlitModel: { locked: ["bench/stock/streamlit-model.txt"], further: [] },
  mlflowModel: { locked: ["bench/stock/mlflow-model.txt"], further: [] },
  /** Programs, not a library. */
  postgres: { locked: [], further: ["test/support/postgresMajors.txt"] },
} as const satisfies Record<string, Contents>;

export type EnvironmentName = keyof typeof environments;

const oldestMinor = 11;

/**
 * The Python of a virtual environment with an app's requirements. It is made once per content of the requirement
 * files and kept in the cache.
 */
export async function environment(name: EnvironmentName): Promise<string> {
  const contents: Contents = environments[name];
  const base = await findPython();
  const hash = createHash("sha256").update(await run(base, ["--version"]));
  const { locked, further, dockerfile = [] } = contents;
  for (const file of [...locked, ...further].concat(dockerfile)) {
    hash.update(readFileSync(join(checkoutRoot, file)));
  }
  const folder = join(
    claimCache(),
    "tests",
    "python",
    `${name}-${hash.digest("hex").slice(0, 12)}`,
  );
  const isComplete = () => existsSync(join(folder, completeMark));
  const make = () =>
    reported(`Making the Python environment ${name}`, (step) =>
      build(folder, base, contents, (line) => step.update(line.slice(0, 80))),
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
  { locked, further, dockerfile }: Contents,
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
  if (dockerfile === undefined) {
    await run(base, ["-m", "venv", folder], { onLine });
    for (const file of locked) await install(file, "--no-deps");
    for (const file of further) await install(file);
  } else {
    // what an image has in the folders of its system is next to the packages here
    const env = { ...process.env, LD_LIBRARY_PATH: join(folder, "lib") };
    const step = installation(dockerfile, { "/opt/venv": folder, "/usr/lib": join(folder, "lib") });
    await run("sh", ["-c", step.replaceAll("python3 ", `${base} `)], {
      cwd: checkoutRoot,
      env,
      onLine,
    });
  }
  writeFileSync(join(folder, completeMark), "");
}

/** The step of a Dockerfile that installs its packages, with other places for those of the image. */
function installation(dockerfile: string, places: Record<string, string>): string {
  const steps = readFileSync(join(checkoutRoot, dockerfile), "utf8").split(/^(?=[A-Z]+ )/m);
  const step = steps.find((one) => one.startsWith("RUN") && one.includes("-m venv"))!;
  return Object.entries(places).reduce(
    (text, [place, other]) => text.replaceAll(place, other),
    step
      .replace(/^RUN (--mount=\S+\s+)*/, "")
      .replace("PIP_CONFIG_FILE=/run/secrets/pip.conf", "")
      .replace("/opt/requirements.txt", dockerfile.replace("Dockerfile", "requirements.txt")),
  );
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
