import { statfsSync } from "node:fs";
import { UserError, messageOf } from "../support/errors.ts";
import { CommandError } from "../support/process.ts";

/** Whether something failed because a disk is full, in this process or in a program it ran. */
export function isDiskFull(error: unknown): boolean {
  const text = error instanceof CommandError ? error.output : messageOf(error);
  return /no space left on device|ENOSPC|disk quota exceeded|EDQUOT/i.test(text);
}

/** Runs `work`; when a disk fills up meanwhile, says so in one sentence after `cleanUp`. */
export async function withDiskSpace<T>(
  work: () => Promise<T>,
  sentence: () => string,
  cleanUp: () => Promise<void> = async () => {},
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    const message = sentence(); // before the clean-up changes what is free
    await cleanUp();
    throw new UserError(message);
  }
}

/** Gigabytes that are free where a folder is, such as `1.2`. */
export function freeGigabytes(folder: string): string {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return ((bavail * bsize) / 1e9).toFixed(1);
  } catch {
    return "0.0";
  }
}
