import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";
import { runInForeground } from "../../local/support/process.ts";
import { fromJest, type Outcome } from "./outcome.ts";
import { resultsFolder } from "./static.ts";

export interface JestRun {
  /** Name of the report. */
  name: string;
  /** Patterns of the files to run. All of them by default. */
  matching?: string[];
  /** Patterns of files to leave out. */
  ignoring?: string[];
  /** Whether no two files run side by side. */
  oneAtATime?: boolean;
  /** Whether a test may take ten minutes, in place of one. */
  isPatient?: boolean;
  /** Further environment variables. */
  env?: NodeJS.ProcessEnv;
}

/** Compiled packages, for jest and for every program that a test starts: a short one does little else than load them. */
const compileCache = join(checkoutRoot, "node_modules", ".cache", "compiled");

/**
 * A program evaluated on Pulumi's mocks makes a hundred thousand promises: more room for what lives briefly. jest's
 * workers get it too.
 */
const forPromises = "--max-semi-space-size=64";

/** Runs jest with its own output, and counts from its report. */
export async function jest(options: JestRun): Promise<Outcome> {
  const {
    name,
    matching = [],
    ignoring = [],
    oneAtATime = false,
    isPatient = false,
    env,
  } = options;
  mkdirSync(resultsFolder, { recursive: true });
  const report = join(resultsFolder, `jest-${name}.json`);
  rmSync(report, { force: true });
  const patterns = [
    ...(oneAtATime ? ["--runInBand"] : []),
    ...(isPatient ? ["--testTimeout=600000"] : []),
    ...matching.flatMap((pattern) => ["--testPathPatterns", pattern]),
    ...ignoring.flatMap((pattern) => ["--testPathIgnorePatterns", pattern]),
  ];
  await runInForeground(
    process.execPath,
    [
      forPromises,
      join(checkoutRoot, "node_modules", ".bin", "jest"),
      "--json",
      `--outputFile=${report}`,
      "--passWithNoTests",
      "--verbose",
      ...patterns,
    ],
    {
      cwd: checkoutRoot,
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache, ...env, FORCE_COLOR: "0" },
    },
  );
  return fromJest(readFileSync(report, "utf8"));
}
