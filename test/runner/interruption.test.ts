import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";
import { waitUntil } from "../e2e/support/wait.ts";
import { descendantsOf } from "./interruption.ts";

jest.setTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "mlops-interruption-"));
afterAll(() => rmSync(folder, { recursive: true }));

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const exitCode = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => child.on("close", resolve));

test.each([
  ["SIGTERM", 143, ""],
  ["SIGINT", 130, "process.on('SIGINT', () => {});"],
] as const)("%s ends a stage with all that it started", async (signal, code, handler) => {
  const pids = join(folder, signal);
  // in its own session, where no signal for the stage reaches it; the second one ignores what it gets
  const program = `${handler} setInterval(() => {}, 1e3);
    require("fs").writeFileSync(${JSON.stringify(pids)}, process.ppid + " " + process.pid)`;
  const parent = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(program)}], { detached: true, stdio: "ignore" })`;
  const runner = `
    import { runInForeground } from "${checkoutRoot}/local/support/process.ts";
    import { heedSignals } from "${checkoutRoot}/test/runner/interruption.ts";
    import { runStage } from "${checkoutRoot}/test/runner/runStage.ts";
    heedSignals();
    const run = () => runInForeground(process.execPath, ["-e", ${JSON.stringify(parent)}]);
    await runStage({ name: "long", title: "keeps running", run }).catch(() => {});`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", runner]);
  const ended = exitCode(child);
  const noted = await waitUntil(
    "the program runs",
    30,
    async () => (await readFile(pids, "utf8")) || undefined,
  );
  const started = noted.split(" ").map(Number);
  expect(started.filter(isAlive)).toEqual(started);
  child.kill(signal);
  expect(await ended).toBe(code);
  expect(started.filter(isAlive)).toEqual([]);
});

test("when `npm test` is ended, the stages of both lanes end too", async () => {
  const child = spawn(process.execPath, [join(checkoutRoot, "test", "run.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  const ended = exitCode(child);
  // two stages, and the program of each
  const started = await waitUntil("both lanes work", 30, () => {
    const found = descendantsOf(child.pid!);
    return found.length >= 4 && found;
  });
  child.kill("SIGTERM");
  expect(await ended).toBe(143);
  expect(started.filter(isAlive)).toEqual([]);
  expect(output).not.toContain("passed");
});
