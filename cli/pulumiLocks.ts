import { existsSync, readdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { workFolder } from "../local/support/cache.ts";
import { isAlive } from "../local/support/lock.ts";

/** The backend that `npm run up` uses for users who have not logged in to another one. */
export const ownBackend = () => join(workFolder, "pulumi-state");

/** A process that has locked a stack there; one of another machine counts as alive. */
export interface LockHolder {
  readonly pid: number;
  readonly isAlive: boolean;
}

export function lockHolders(stack: string): LockHolder[] {
  const locks = join(ownBackend(), ".pulumi", "locks");
  if (!existsSync(locks)) return [];
  return readdirSync(locks, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".json") && path.split("/").at(-2) === stack)
    .map((path) => {
      const lock = JSON.parse(readFileSync(join(locks, path), "utf8")) as {
        pid: number;
        hostname: string;
      };
      const isElsewhere = lock.hostname !== hostname();
      return { pid: lock.pid, isAlive: isElsewhere || isAlive(lock) };
    });
}
