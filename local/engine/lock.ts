import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { UserError } from "../support/errors.ts";

interface Holder {
  pid: number;
  /** When the process started, so that a reused pid is not mistaken for it. Linux only. */
  started?: string;
}

/** Takes the lock of a stack and returns what releases it; a lock whose process is dead is taken over. */
export function takeLock(path: string): () => void {
  const own: Holder = { pid: process.pid, started: startOf(process.pid) };
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  for (;;) {
    if (createWhole(path, JSON.stringify(own))) return () => rmSync(path, { force: true });
    const holder = readHolder(path);
    if (holder && isAlive(holder)) throw inUse(holder, path);
    if (holder) moveAside(path, holder);
  }
}

/** Links a complete file into place, so that nobody ever reads a half-written lock. */
function createWhole(path: string, content: string): boolean {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, content, { mode: 0o600 });
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Renames the dead lock away; when another process was quicker and its lock was caught, puts it back. */
function moveAside(path: string, dead: Holder): void {
  const aside = `${path}.${process.pid}.dead`;
  try {
    renameSync(path, aside);
  } catch {
    return; // somebody else has just removed it
  }
  const moved = readHolder(aside);
  if (moved && moved.pid !== dead.pid && isAlive(moved)) {
    renameSync(aside, path);
    throw inUse(moved, path);
  }
  rmSync(aside, { force: true });
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Holder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    return { pid: 0 }; // not written by takeLock: nobody holds it
  }
}

function isAlive({ pid, started }: Holder): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return !started || startOf(pid) === started;
}

function startOf(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    // killed, and its parent has not asked for it yet: in a container without an init it stays so for ever
    return ["Z", "X"].includes(fields[0]!) ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function inUse(holder: Holder, path: string): UserError {
  return new UserError(
    `another run is working on this stack (pid ${holder.pid}); wait for it to end, or end it (lock: ${path})`,
  );
}
