import { UserError } from "../support/errors.ts";
import { run, which } from "../support/process.ts";

/** What of this machine decides whether images can be built without Docker. */
export interface Machine {
  platform: NodeJS.Platform;
  isRoot: boolean;
  has: (program: string) => boolean;
}

const thisMachine = (): Machine => ({
  platform: process.platform,
  isRoot: process.getuid?.() === 0,
  has: (program) => which(program) !== undefined,
});

/** Debian packages by the program that is looked for. */
const packages = { buildah: "buildah", mmdebstrap: "mmdebstrap", gpgv: "gpgv" };

/** The packages to install before images can be built here; throws where they cannot be had. */
export function missingPackages(machine: Machine = thisMachine()): string[] {
  if (machine.platform !== "linux" || !machine.isRoot) {
    throw new UserError(
      "building images needs Docker, or Linux and root for buildah; start Docker, or run the command with sudo",
    );
  }
  const missing = Object.entries(packages).flatMap(([program, name]) =>
    machine.has(program) ? [] : [name],
  );
  if (missing.length > 0 && !machine.has("apt-get")) {
    throw new UserError(
      `building images needs ${missing.join(" and ")}; install them with this system's package manager, or start Docker`,
    );
  }
  return missing;
}

export async function installTools(names: string[]): Promise<void> {
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
  }
}
