import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";
import { CommandError, run } from "../../local/support/process.ts";
import type { Step } from "../../local/support/progress.ts";
import { interruption } from "./interruption.ts";
import type { Finished } from "./outcome.ts";
import type { Stage } from "./stages.ts";
import { resultsFolder } from "./static.ts";

const running = new Set<string>();

/** Runs a stage in its own process. What it prints is seen as a whole when it has ended. */
export async function runApart(
  { name, title }: Stage,
  progress?: Step,
  ...options: string[]
): Promise<Finished> {
  interruption.throwIfAborted();
  mkdirSync(resultsFolder, { recursive: true });
  const report = join(resultsFolder, `stage-${name}.json`);
  rmSync(report, { force: true });
  console.log(`▸ ${name}: ${title}`);
  running.add(name);
  progress?.update([...running].join(", "));
  const args = [join(checkoutRoot, "test", "run.ts"), name, `--report=${report}`, ...options];
  const lines: string[] = [];
  const onLine = (line: string) => lines.push(line);
  await run(process.execPath, args, { onLine, signal: interruption }).catch(hasFailures);
  interruption.throwIfAborted();
  running.delete(name);
  console.log(lines.join("\n"));
  const [finished] = JSON.parse(readFileSync(report, "utf8")) as Finished[];
  return finished!;
}

/** A stage in which tests failed ends with exit code 1; its report says which. */
function hasFailures(error: unknown): void {
  if (!(error instanceof CommandError)) throw error;
}
