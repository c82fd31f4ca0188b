import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { takeLock, withLock } from "../../../local/support/lock.ts";

const folder = mkdtempSync(join(tmpdir(), "lock-"));
const path = join(folder, "it.lock");
const take = () => takeLock(path, "testing");
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => rmSync(path, { force: true }));

test("a held lock is refused with the holder's pid, a released one is free", () => {
  const release = take();
  expect(() => take()).toThrow(`(pid ${process.pid})`);
  release();
  expect(existsSync(path)).toBe(false);
  take()();
});

test("a waiting process gets the holder of the lock, and takes it when it is released", async () => {
  const release = take();
  const seen: string[] = [];
  const turn = withLock(
    path,
    "waiting",
    async () => "its turn",
    ({ pid, purpose }) => {
      seen.push(`${pid} ${purpose}`);
      release();
    },
  );
  expect(await turn).toBe("its turn");
  expect(seen).toEqual([`${process.pid} testing`]);
  expect(existsSync(path)).toBe(false);
});

test("the lock of a dead process, of one whose pid was reused, and a broken one are taken over", () => {
  const dead = spawnSync("true").pid;
  for (const content of [
    JSON.stringify({ pid: dead }),
    JSON.stringify({ pid: process.pid, started: "another time" }),
    "",
  ]) {
    writeFileSync(path, content);
    take()();
  }
});

const onLinux = process.platform === "linux" ? test : test.skip;
onLinux("the lock of a killed process is free although its parent has not reaped it", async () => {
  // sleep takes the shell's place, and never asks for the child that the shell has started
  const parent = spawn("sh", ["-c", "sleep 0.2 & echo $!; exec sleep 60"]);
  try {
    const pid = await new Promise<number>((resolve) =>
      parent.stdout.once("data", (line: Buffer) => resolve(Number(line.toString()))),
    );
    const fields = () => readFileSync(`/proc/${pid}/stat`, "utf8").split(" ");
    writeFileSync(path, JSON.stringify({ pid, started: fields()[21] }));
    expect(() => take()).toThrow(`(pid ${pid})`);
    while (fields()[2] !== "Z") await new Promise((done) => setTimeout(done, 20));
    take()();
  } finally {
    parent.kill("SIGKILL");
  }
});
