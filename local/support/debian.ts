import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { UserError } from "./errors.ts";
import { run, which } from "./process.ts";

// Debian asks this script whether the service of a freshly installed package may start: none may.
const policy = "/usr/sbin/policy-rc.d";

/** Installs Debian packages, as root. */
export async function installDebian(names: readonly string[]): Promise<void> {
  const isOurs = !existsSync(policy);
  if (isOurs) await writeFile(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (...args: string[]) =>
    run("apt-get", ["-o", "DPkg::Lock::Timeout=300", "-y", ...args], { env });
  const install = () => apt("install", "--no-install-recommends", ...names);
  try {
    // the package lists may be missing or too old, but are good most of the time
    await install().catch(() => apt("update").then(install));
  } catch {
    throw new UserError(
      `cannot install the Debian packages ${names.join(" ")}; see \`apt-get install ${names.join(" ")}\``,
    );
  } finally {
    if (isOurs) await rm(policy, { force: true });
  }
}

/** Whether this machine has a program: a path, or a name on PATH. */
export function hasProgram(program: string): boolean {
  return program.startsWith("/") ? existsSync(program) : which(program) !== undefined;
}
