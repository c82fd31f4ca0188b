import { writeFileSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { atMost } from "../local/support/atMost.ts";
import { UserError } from "../local/support/errors.ts";
import { reported } from "../local/support/progress.ts";
import { heedSignals } from "./runner/interruption.ts";
import { runApart } from "./runner/lanes.ts";
import { add, countsLine, type Finished, none } from "./runner/outcome.ts";
import { runStage } from "./runner/runStage.ts";
import { type Stage, stages } from "./runner/stages.ts";

// Runs the stages asked for, or all of them, and ends with one line of counts over everything.

async function main(args: readonly string[]): Promise<number> {
  const words = args.filter((arg) => !arg.startsWith("--"));
  if (args.includes("--list")) {
    stages.forEach(({ name, group, title }) =>
      console.log(`${group.padEnd(10)}${name.padEnd(12)}${title}`),
    );
    return 0;
  }
  if (args.includes(yielding)) setPriority(constants.priority.PRIORITY_LOW);
  const finished = words.length === 0 ? await runAll() : await oneByOne(chosen(words));
  const report = args.find((arg) => arg.startsWith("--report="))?.slice("--report=".length);
  if (report !== undefined) writeFileSync(report, JSON.stringify(finished));

  console.log(`\n${summary(finished)}`);
  const total = finished.map(({ outcome }) => outcome).reduce(add, none);
  console.log(countsLine(total));
  return total.failed === 0 ? 0 : 1;
}

/** Runs a stage at the lowest priority, on CPU time that nothing else wants. */
const yielding = "--yielding";

/**
 * Two at a time: most stages without a cluster keep one core busy at best. There is one local cluster on a machine.
 * Stages with it leave half of the CPU time idle, and `tools` runs on that.
 */
async function runAll(): Promise<Finished[]> {
  const of = (wanted: Stage["group"]) => stages.filter(({ group }) => group === wanted);
  const title = "Running what needs no cluster, two stages at a time";
  const first = await reported(title, (progress) =>
    atMost(2, stages.filter(isInLanes), (stage) => runApart(stage, progress)),
  );
  const [tools, live] = await Promise.all([
    // started first, because runStage changes TMPDIR in this process
    Promise.all(of("tools").map((stage) => runApart(stage, undefined, yielding))),
    oneByOne(of("live")),
  ]);
  return [...first, ...tools, ...live];
}

const isInLanes = ({ group }: Stage) => !["tools", "live", "slow"].includes(group);

async function oneByOne(chosen: readonly Stage[]): Promise<Finished[]> {
  const finished: Finished[] = [];
  for (const stage of chosen) finished.push(await runStage(stage));
  return finished;
}

/** Stages by their own name or their group's, always in the order of the list. */
function chosen(words: readonly string[]): Stage[] {
  const names = new Set(stages.flatMap(({ name, group }) => [name, group]));
  const unknown = words.find((word) => !names.has(word));
  if (unknown !== undefined) {
    throw new UserError(`${unknown} is not a stage; the stages are ${[...names].join(", ")}`);
  }
  return stages.filter(({ name, group }) => words.includes(name) || words.includes(group));
}

function summary(finished: readonly Finished[]): string {
  return finished
    .flatMap(({ name, outcome, seconds }) => [
      `${outcome.failed > 0 ? "✗" : "✓"} ${name.padEnd(12)} ${countsLine(outcome).padEnd(36)} ${seconds.toFixed(1)} s`,
      ...outcome.notes.map((note) => note.replace(/^/gm, "    ")),
    ])
    .join("\n");
}

heedSignals();
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof UserError ? `error: ${error.message}` : error);
  process.exitCode ??= 1; // a signal has set it already
}
