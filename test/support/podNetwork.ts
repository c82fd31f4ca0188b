import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";
import { run } from "../../local/support/process.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Runs a command in the network of a process, such as one of a pod, whatever the pod's image can do. */
export const inNetworkOf = (pid: number, command: string, ...args: string[]): Promise<string> =>
  run("nsenter", ["--net", `--target=${pid}`, command, ...args]);

/** A process of a pod of the local cluster, by the pod's uid. */
export function processOf(uid: string): number {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) => cgroupsOf(pid).includes(`/pod${uid}/`));
  if (found === undefined) throw new Error(`no process of pod ${uid}`);
  return Number(found);
}

function cgroupsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, "utf8");
  } catch {
    return ""; // ended meanwhile
  }
}

/** Connects to all addresses at once, from the network of a process: each is "connected", or the error's code. */
export async function dialFrom(pid: number, addresses: readonly Address[]): Promise<string[]> {
  const program = join(checkoutRoot, "test", "support", "dial.mjs");
  const printed = await inNetworkOf(pid, process.execPath, program, JSON.stringify(addresses));
  return JSON.parse(printed) as string[];
}
