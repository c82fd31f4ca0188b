import { statfsSync } from "node:fs";
import { UserError, messageOf } from "../support/errors.ts";
import { CommandError } from "../support/process.ts";

/** Whether an error means that a disk is full, in this process or in a program it ran. */
export function saysDiskFull(error: unknown): boolean {
  const text = error instanceof CommandError ? error.output : messageOf(error);
  return /no space left on device|ENOSPC|disk quota exceeded|EDQUOT/i.test(text);
}

export interface DiskUse {
  /** Folder on the disk that is written to, where this process can look at it. */
  folder?: string;
  /** The error message; `free` is the number of free gigabytes at the start, such as `1.2`. */
  sentence: (free: string) => string;
  /** Called before the error is thrown. */
  cleanUp?: () => Promise<void>;
}

// The most that is left free when a program fails because of a full disk.
const nothingLeft = 64 * 1024 * 1024;
const lookEveryMs = 100;

/** Runs `work`; when its disk fills up, throws one sentence that says so. */
export async function withDiskSpace<T>(use: DiskUse, work: () => Promise<T>): Promise<T> {
  const { folder, sentence, cleanUp } = use;
  const free = () => (folder === undefined ? Infinity : freeBytes(folder));
  const atStart = free();
  let least = atStart;
  // buildah reports a full disk as a closed pipe and cleans up before it ends: check while it runs
  const look = () => (least = Math.min(least, free()));
  const timer = setInterval(look, lookEveryMs);
  timer.unref();
  try {
    return await work();
  } catch (error) {
    if (!saysDiskFull(error) && look() > nothingLeft) throw error;
    await cleanUp?.();
    throw new UserError(sentence((atStart / 1e9).toFixed(1)));
  } finally {
    clearInterval(timer);
  }
}

function freeBytes(folder: string): number {
  try {
    const { bfree, bsize } = statfsSync(folder);
    return bfree * bsize;
  } catch {
    return Infinity; // does not exist yet
  }
}
