import { execFileSync } from "node:child_process";
import { constants } from "node:os";
import { UserError } from "../../local/support/errors.ts";
import { sleep } from "../../local/support/process.ts";

const controller = new AbortController();

/** Aborted when this process is to end. */
export const interruption = controller.signal;

/** From here on, signals end this process only after what it has started. */
export function heedSignals(): void {
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      process.exitCode = 128 + constants.signals[name];
      controller.abort(new UserError(`interrupted by ${name}`));
    });
  }
}

/** Interrupts every process below this one, as Ctrl-C does, and kills what is left after some seconds. */
export async function endDescendants(graceMs = 5_000): Promise<void> {
  const left = await stillThere(signal(descendantsOf(process.pid), "SIGINT"), graceMs);
  // those that were interrupted may have started others before they ended
  await stillThere(signal([...left, ...descendantsOf(process.pid)], "SIGKILL"), graceMs);
}

/** Waits for processes to end, and returns those that have not. */
async function stillThere(pids: readonly number[], milliseconds: number): Promise<number[]> {
  const deadline = Date.now() + milliseconds;
  let left = signal(pids, 0);
  while (left.length > 0 && Date.now() < deadline) {
    await sleep(100);
    left = signal(left, 0);
  }
  return left;
}

/** Every process below one, of which there may be more by now. */
export function descendantsOf(ancestor: number): number[] {
  const rows = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number) as [pid: number, parent: number]);
  const found = [ancestor];
  for (const parent of found) {
    found.push(...rows.filter(([, its]) => its === parent).map(([pid]) => pid));
  }
  return found.slice(1);
}

/** Those of the processes that were still there. */
const signal = (pids: readonly number[], name: NodeJS.Signals | 0): number[] =>
  pids.filter((pid) => {
    try {
      return process.kill(pid, name);
    } catch {
      return false;
    }
  });
