import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { UserError } from "./errors.ts";
import { sleep } from "./process.ts";

/** The process that has a lock. */
export interface Holder {
  pid: number;
  /** What it is doing. */
  purpose: string;
  /** When the process started, so that a reused pid is not mistaken for it. Linux only. */
  started?: string;
}

/** Takes a lock and returns what releases it; refuses at once while another process has it. */
export function takeLock(path: string, purpose: string): () => void {
  const taken = tryLock(path, purpose);
  if (typeof taken === "function") return taken;
  throw new UserError(
    `another run is ${taken.purpose} (pid ${taken.pid}); wait for it to end, or end it (lock: ${path})`,
  );
}

/** Waits for a lock, and holds it while `work` runs. */
export async function withLock<T>(
  path: string,
  purpose: string,
  work: () => Promise<T>,
  onWait: (holder: Holder) => void,
): Promise<T> {
  for (;;) {
    const taken = tryLock(path, purpose);
    if (typeof taken !== "function") {
      onWait(taken);
      await sleep(250);
      continue;
    }
    try {
      return await work();
    } finally {
      taken();
    }
  }
}

/** The living process that has a lock. */
export function lockHolder(path: string): Holder | undefined {
  const holder = readHolder(path);
  return holder && isAlive(holder) ? holder : undefined;
}

/** Takes the lock, from a dead process too, and returns what releases it; or the living process that has it. */
function tryLock(path: string, purpose: string): (() => void) | Holder {
  const own: Holder = { pid: process.pid, purpose, started: startOf(process.pid) };
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  for (;;) {
    if (createWhole(path, JSON.stringify(own))) return () => rmSync(path, { force: true });
    const holder = readHolder(path);
    if (!holder) continue; // released just now
    const alive = isAlive(holder) ? holder : moveAside(path, holder);
    if (alive) return alive;
  }
}

/** Links a complete file into place, so that no process reads a half-written lock. */
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

/** Renames the dead lock; if that moved the new lock of a faster process, restores it and returns its holder. */
function moveAside(path: string, dead: Holder): Holder | undefined {
  const aside = `${path}.${process.pid}.dead`;
  try {
    renameSync(path, aside);
  } catch {
    return undefined; // another process has just removed it
  }
  const moved = readHolder(aside);
  if (moved && moved.pid !== dead.pid && isAlive(moved)) {
    renameSync(aside, path);
    return moved;
  }
  rmSync(aside, { force: true });
  return undefined;
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Holder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    return { pid: 0, purpose: "" }; // not a lock of this project: no process holds it
  }
}

/** Whether a process runs, and is the one with this start time, where that is known. */
export function isAlive({ pid, started }: Pick<Holder, "pid" | "started">): boolean {
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
    // killed, but not yet reaped by its parent: in a container without an init it stays in this state
    return ["Z", "X"].includes(fields[0]!) ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
