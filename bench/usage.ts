import { readFileSync } from "node:fs";
import type { Kube } from "../test/e2e/support/kube.ts";

/** CPU seconds so far, MiB in memory and threads of a process. */
export function usageOf(pid: number): { cpu: number; mebibytes: number; threads: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ").map(Number);
  return {
    cpu: (fields[11]! + fields[12]!) / 100,
    mebibytes: (fields[21]! * 4096) / 1024 ** 2,
    threads: fields[17]!,
  };
}

interface Summary {
  pods: { memory?: { workingSetBytes?: number } }[];
}

/** MiB that all pods of the local cluster hold, as the kubelet sees it. */
export async function podMemory(api: Kube): Promise<number> {
  const { body } = await api.call("GET", "/api/v1/nodes/mlops-local/proxy/stats/summary");
  const bytes = (body as Summary).pods.map(({ memory }) => memory?.workingSetBytes ?? 0);
  return bytes.reduce((sum, one) => sum + one, 0) / 1024 ** 2;
}
