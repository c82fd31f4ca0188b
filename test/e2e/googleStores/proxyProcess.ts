import { readdirSync, readFileSync } from "node:fs";

/** Kills the stand-in of the Auth Proxy that carries connections to this instance, as a crash would. */
export function killInstanceProxy(instance: string): void {
  const found = readdirSync("/proc").filter((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    const words = commandLine(entry);
    return words[0] === "/proxy" && words.includes(instance);
  });
  if (found.length !== 1) throw new Error(`${found.length} processes are a proxy to ${instance}`);
  process.kill(Number(found[0]), "SIGKILL");
}

function commandLine(process: string): string[] {
  try {
    return readFileSync(`/proc/${process}/cmdline`, "utf8").split("\0").filter(Boolean);
  } catch {
    return []; // it has ended meanwhile
  }
}
