import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { UserError } from "./errors.ts";
import { run, which } from "./process.ts";

/** Debian packages by a program of each, as a name on PATH or a path. */
export type ProgramPackages = Readonly<Record<string, string>>;

const isInstalled = (program: string) =>
  program.startsWith("/") ? existsSync(program) : which(program) !== undefined;

/** The packages that are not installed. */
export const missingPackages = (packages: ProgramPackages, exists = isInstalled): string[] =>
  Object.entries(packages)
    .filter(([program]) => !exists(program))
    .map(([, name]) => name);

// Debian runs this script to find out whether the service of a package may start: our tools start what they need.
const policy = "/usr/sbin/policy-rc.d";

/** Installs Debian packages as root and starts none of their services; throws a UserError. */
export async function installPackages(names: readonly string[]): Promise<void> {
  const hadPolicy = existsSync(policy);
  if (!hadPolicy) await writeFile(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (...args: string[]) =>
    run("apt-get", ["-o", "DPkg::Lock::Timeout=300", "-y", ...args], { env });
  const install = () => apt("install", "--no-install-recommends", ...names);
  try {
    // the lists may be missing or too old, but are good most of the time
    await install().catch(() => apt("update").then(install));
  } catch {
    throw new UserError(
      `the Debian packages ${names.join(" ")} cannot be installed; see \`apt-get install ${names.join(" ")}\``,
    );
  } finally {
    if (!hadPolicy) await rm(policy, { force: true });
  }
}
