import { readFileSync } from "node:fs";

/** CPU seconds so far, MiB in memory and threads of a process. */
export function usageOf(pid: number): { cpu: number; mebibytes: number; threads: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ").map(Number);
  return {
    cpu: (fields[11]! + fields[12]!) / 100,
    mebibytes: (fields[21]! * 4096) / 1024 ** 2,
    threads: fields[17]!,
  };
}
