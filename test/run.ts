import { UserError, messageOf } from "../local/support/errors.ts";
import { add, countsLine, none, type Outcome } from "./runner/outcome.ts";
import { type Stage, stages } from "./runner/stages.ts";

// Runs the stages asked for, or all of them, one after the other, and ends with one line of counts over everything.

interface Finished {
  stage: Stage;
  outcome: Outcome;
  seconds: number;
}

async function main(words: readonly string[]): Promise<number> {
  if (words.includes("--list")) {
    stages.forEach(({ name, group, title }) =>
      console.log(`${group.padEnd(8)}${name.padEnd(12)}${title}`),
    );
    return 0;
  }
  const finished: Finished[] = [];
  for (const stage of chosen(words)) finished.push(await runStage(stage));
  console.log(`\n${summary(finished)}`);
  const total = finished.map(({ outcome }) => outcome).reduce(add, none);
  console.log(countsLine(total));
  return total.failed === 0 ? 0 : 1;
}

/** Stages by their own name or their group's, always in the order of the list. */
function chosen(words: readonly string[]): Stage[] {
  const names = new Set(stages.flatMap(({ name, group }) => [name, group]));
  const unknown = words.find((word) => !names.has(word));
  if (unknown !== undefined) {
    throw new UserError(`${unknown} is not a stage; the stages are ${[...names].join(", ")}`);
  }
  if (words.length === 0) return stages;
  return stages.filter(({ name, group }) => words.includes(name) || words.includes(group));
}

async function runStage(stage: Stage): Promise<Finished> {
  console.log(`\n── ${stage.name}: ${stage.title}`);
  const started = Date.now();
  const outcome = await stage.run().catch((error: unknown): Outcome => {
    console.log(messageOf(error));
    return { ...none, failed: 1, notes: [`failed: ${firstLine(messageOf(error))}`] };
  });
  return { stage, outcome, seconds: (Date.now() - started) / 1000 };
}

const firstLine = (text: string) => text.split("\n")[0]!;

function summary(finished: readonly Finished[]): string {
  return finished
    .flatMap(({ stage, outcome, seconds }) => [
      `${outcome.failed > 0 ? "✗" : "✓"} ${stage.name.padEnd(12)} ${countsLine(outcome).padEnd(36)} ${seconds.toFixed(1)} s`,
      ...outcome.notes.map((note) => `    ${note}`),
    ])
    .join("\n");
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof UserError ? `error: ${error.message}` : error);
  process.exitCode = 1;
}
