import { chmodSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { listProcesses } from "../../local/cluster/processes.ts";
import { messageOf } from "../../local/support/errors.ts";
import { deleteTestCluster } from "../e2e/support/testCluster.ts";
import { endDescendants, interruption } from "./interruption.ts";
import { type Finished, none, type Outcome } from "./outcome.ts";
import type { Stage } from "./stages.ts";

/** Runs a stage in this process, with a folder for its temporary files that is removed at its end. */
export async function runStage(stage: Stage): Promise<Finished> {
  const { TMPDIR } = process.env;
  const folder = mkdtempSync(join(tmpdir(), "stage-"));
  chmodSync(folder, 0o1777); // tests start servers as other users
  process.env["TMPDIR"] = folder;
  try {
    return await runInFolder(stage);
  } finally {
    if (TMPDIR === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = TMPDIR;
    const removed = rm(folder, { recursive: true, force: true, maxRetries: 5 });
    await removed.catch((error: unknown) => console.log(messageOf(error)));
  }
}

/** A stage that is interrupted leaves no process and no cluster behind, and throws. */
async function runInFolder({ name, title, run }: Stage): Promise<Finished> {
  interruption.throwIfAborted();
  console.log(`\n── ${name}: ${title}`);
  const started = Date.now();
  const before = clusters();
  let ending: Promise<void> | undefined;
  const end = () => {
    ending = endDescendants();
  };
  interruption.addEventListener("abort", end);
  const outcome = await run().catch((error: unknown): Outcome => {
    console.log(messageOf(error));
    return { ...none, failed: 1, notes: [`failed: ${firstLine(messageOf(error))}`] };
  });
  interruption.removeEventListener("abort", end);
  if (interruption.aborted) {
    await ending;
    const started = [...clusters()].filter((state) => !before.has(state));
    // a state is in <cache>/mlops-platform/cluster
    for (const state of started) await deleteTestCluster(dirname(dirname(state)));
    interruption.throwIfAborted();
  }
  return { name, outcome, seconds: (Date.now() - started) / 1000 };
}

/** State folders of the local clusters that run on this machine: one at most. */
const clusters = (): Set<string> =>
  new Set(
    process.platform === "linux"
      ? listProcesses().flatMap(({ state }) => (state === undefined ? [] : [state]))
      : [],
  );

const firstLine = (text: string) => text.split("\n")[0]!;
