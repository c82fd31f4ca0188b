/*
 * What the program, its plan and the state of a stack cost with more models: the real program and the built-in engine,
 * against an API server in memory that answers at once and says that everything is ready. Run it from the root:
 *
 *   npx node bench/program_at_scale.ts [models …]
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkoutRoot } from "../local/support/cache.ts";
import { FakeApi, plainKubeconfig } from "../test/local/engine/fakeApi.ts";

const counts = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1, 10, 50, 200];
const folder = mkdtempSync(join(tmpdir(), "mlops-bench-"));
const kubeconfig = join(folder, "kubeconfig");

interface Run {
  seconds: number;
  cpuSeconds: number;
  mebibytes: number;
  output: string;
}

/** One command of the engine, with the time and the memory of its process. */
async function engine(command: string, stack: string, config: object): Promise<Run> {
  const script = join(checkoutRoot, "local/engine/engineProgram.ts");
  const usage = `process.on("exit", () => { const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    console.error("USAGE " + JSON.stringify([(userCPUTime + systemCPUTime) / 1e6, maxRSS / 1024])); });`;
  const child = spawn(
    process.execPath,
    [
      ...["--import", `data:text/javascript,${encodeURIComponent(usage)}`, script, command],
      ...["--stack", stack, "--config-from-stdin", "--kubeconfig", kubeconfig],
    ],
    { cwd: checkoutRoot, stdio: ["pipe", "ignore", "pipe"] },
  );
  const started = Date.now();
  child.stdin.end(JSON.stringify({ config, secrets: [] }));
  let output = "";
  child.stderr.on("data", (chunk) => (output += chunk));
  const code = await new Promise((done) => child.on("close", done));
  const seconds = (Date.now() - started) / 1000;
  const usageLine = /USAGE (.*)/.exec(output)?.[1];
  if (code !== 0 || !usageLine) throw new Error(`${command} ended with ${String(code)}: ${output}`);
  const [cpuSeconds, mebibytes] = JSON.parse(usageLine) as [number, number];
  return { seconds, cpuSeconds, mebibytes, output };
}

/** Served, not trained: training is one Job more for each. */
const models = (count: number) =>
  JSON.stringify(
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`model-${at + 1}`, {}])),
  );

const cell = ({ seconds, cpuSeconds, mebibytes }: Run) =>
  `${seconds.toFixed(1)} s (${cpuSeconds.toFixed(1)} CPU-s, ${mebibytes.toFixed(0)} MiB)`;

console.log(
  "| models | plan | first `up` | `up` without a change | `down` | objects | requests | state, KiB |",
);
console.log("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
try {
  for (const count of counts) {
    const api = new FakeApi();
    writeFileSync(kubeconfig, plainKubeconfig(await api.listen()));
    const stack = `bench-${count}`;
    const state = join(checkoutRoot, ".mlops/state", `${stack}.json`);
    const config = { models: models(count), monitoring: "false" };
    try {
      const plan = await engine("preview", stack, { ...config, monitoring: "true" });
      const first = await engine("up", stack, config);
      const [objects, requests] = [api.objects.size, api.requests];
      const kibibytes = statSync(state).size / 1024;
      const again = await engine("up", stack, config);
      const down = await engine("down", stack, config);
      console.log(
        `| ${count} | ${[plan, first, again, down].map(cell).join(" | ")} | ${objects} | ${requests} | ${kibibytes.toFixed(0)} |`,
      );
    } finally {
      api.close();
      rmSync(state, { force: true });
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
