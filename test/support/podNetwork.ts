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

/** The process that holds a pod's network for as long as the pod exists, by the pod's uid; probes' processes come and go. */
export function processOf(uid: string): number {
  const found = readdirSync("/proc").find(
    (pid) => read(pid, "cgroup").includes(`/pod${uid}/`) && read(pid, "comm") === "pause\n",
  );
  if (found === undefined) throw new Error(`no pause process of pod ${uid}`);
  return Number(found);
}

function read(pid: string, file: "cgroup" | "comm"): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return ""; // not a process, or ended meanwhile
  }
}

/** Connects to all addresses at once, from the network of a process: each is "connected", or the error's code. */
export async function dialFrom(pid: number, addresses: readonly Address[]): Promise<string[]> {
  const program = join(checkoutRoot, "test", "support", "dial.mjs");
  const printed = await inNetworkOf(pid, process.execPath, program, JSON.stringify(addresses));
  return JSON.parse(printed) as string[];
}
