import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";
import { CommandError, run, runInForeground } from "../../local/support/process.ts";
import type { Finished } from "./outcome.ts";
import { resultsFolder } from "./static.ts";

/**
 * Runs groups of stages side by side, each lane in a process of its own. The first one's output is seen as it comes,
 * the others' when they have ended.
 */
export async function runLanes(lanes: readonly (readonly string[])[]): Promise<Finished[]> {
  mkdirSync(resultsFolder, { recursive: true });
  return (await Promise.all(lanes.map((words, index) => runLane(words, index === 0)))).flat();
}

async function runLane(words: readonly string[], isSeen: boolean): Promise<Finished[]> {
  const report = join(resultsFolder, `lane-${words.join("-")}.json`);
  rmSync(report, { force: true });
  const args = [join(checkoutRoot, "test", "run.ts"), ...words, `--report=${report}`];
  if (isSeen) await runInForeground(process.execPath, args);
  else console.log(await run(process.execPath, args).catch(outputOf));
  return JSON.parse(readFileSync(report, "utf8")) as Finished[];
}

/** A lane in which tests failed ends with exit code 1; its report says which. */
function outputOf(error: unknown): string {
  if (error instanceof CommandError) return error.output;
  throw error;
}
