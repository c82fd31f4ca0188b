/*
 * What monitoring adds to a warm `up` and to the memory of idle pods: deploys the platform with and without it, in
 * turn, on the local cluster, with everything built before. Needs what the end-to-end tests need; run it from the root:
 *
 *   node bench/monitoring_cost.ts [rounds]
 */
import { api, cleanSlate, commandLine, reasonToSkip } from "../test/e2e/support/platform.ts";
import { podMemory } from "./usage.ts";

const rounds = Number(process.argv[2] ?? 2);
const idleMs = 60_000;
const { up, mlops } = commandLine("bench", "--local-cluster", "--engine", "builtin");

async function measure(monitoring: boolean): Promise<{ seconds: number; mebibytes: number }> {
  const started = Date.now();
  const { code } = await up("--config", `monitoring=${monitoring}`);
  if (code !== 0) throw new Error("`up` failed, see above");
  const seconds = (Date.now() - started) / 1000;
  await new Promise((resolve) => setTimeout(resolve, idleMs));
  const mebibytes = await podMemory(api());
  await mlops("down", "--delete-data", "--yes");
  return { seconds, mebibytes };
}

const reason = reasonToSkip();
if (reason) throw new Error(reason);
await cleanSlate();
await measure(true); // builds and loads what is missing
console.log("| monitoring | warm `up`, s | pods when idle, MiB |\n| --- | ---: | ---: |");
for (let round = 0; round < rounds; round += 1) {
  for (const monitoring of [false, true]) {
    const { seconds, mebibytes } = await measure(monitoring);
    console.log(`| ${monitoring} | ${seconds.toFixed(1)} | ${mebibytes.toFixed(0)} |`);
  }
}
await cleanSlate();
