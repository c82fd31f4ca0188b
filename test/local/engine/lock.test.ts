import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { takeLock } from "../../../local/engine/lock.ts";

const folder = mkdtempSync(join(tmpdir(), "engine-lock-"));
const path = join(folder, "dev.lock");
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => rmSync(path, { force: true }));

test("a held lock is refused with the holder's pid, a released one is free", () => {
  const release = takeLock(path);
  expect(() => takeLock(path)).toThrow(`(pid ${process.pid})`);
  release();
  expect(existsSync(path)).toBe(false);
  takeLock(path)();
});

test("the lock of a dead process, of one whose pid was reused, and a broken one are taken over", () => {
  const dead = spawnSync("true").pid;
  for (const content of [
    JSON.stringify({ pid: dead }),
    JSON.stringify({ pid: process.pid, started: "another time" }),
    "",
  ]) {
    writeFileSync(path, content);
    takeLock(path)();
  }
});
