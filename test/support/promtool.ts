import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { claimCache } from "../../local/support/cache.ts";
import { which } from "../../local/support/process.ts";

/*
 * Debian's package `prometheus` has promtool and the server. It is unpacked, not installed: installing needs root and
 * starts a service on port 9090.
 */

/** A program of Debian's package `prometheus`, or why this machine has none. */
export type Found = { path: string } | { reason: string };

export const promtool = (): Found => debianProgram("prometheus", "promtool");

/** The machine's own program, else the one of an unpacked Debian package, which is fetched once. */
export function debianProgram(packageName: string, program: string): Found {
  const installed = which(program);
  if (installed !== undefined) return { path: installed };
  const folder = join(claimCache(), "tests", `debian-${packageName}`);
  const path = join(folder, "usr", "bin", program);
  if (existsSync(path)) return { path };
  if (!which("apt-get") || !which("dpkg-deb")) {
    return { reason: `${program} is not installed, and apt-get cannot fetch it here` };
  }
  try {
    unpack(packageName, folder);
  } catch {
    return {
      reason: `${program} is not installed, and \`apt-get download ${packageName}\` failed`,
    };
  }
  return existsSync(path) ? { path } : { reason: `${packageName} has no ${program}` };
}

function unpack(packageName: string, folder: string): void {
  mkdirSync(join(folder, ".."), { recursive: true });
  const work = mkdtempSync(`${folder}-`);
  try {
    execFileSync("apt-get", ["download", packageName], { cwd: work, stdio: "pipe" });
    const file = readdirSync(work).find((name) => name.endsWith(".deb"))!;
    execFileSync("dpkg-deb", ["-x", file, "files"], { cwd: work, stdio: "pipe" });
    // test files run side by side: the second one finds it done
    if (!existsSync(folder)) renameSync(join(work, "files"), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
