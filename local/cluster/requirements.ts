import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { UserError } from "../support/errors.ts";
import { run, which } from "../support/process.ts";

/** A program of each Debian package that the cluster needs. */
const packages: Record<string, string> = {
  containerd: "containerd",
  runc: "runc",
  "/usr/lib/cni/bridge": "containernetworking-plugins",
  iptables: "iptables",
  ip: "iproute2",
  openssl: "openssl",
  umount: "mount",
};

const anotherCluster =
  "use another cluster: install Minikube (https://minikube.sigs.k8s.io) or configure a kubeconfig context";

/** The Debian packages of which no trace is found. */
export function missingPackages(
  exists: (program: string) => boolean = (program) =>
    program.startsWith("/") ? existsSync(program) : which(program) !== undefined,
): string[] {
  return Object.entries(packages)
    .filter(([program]) => !exists(program))
    .map(([, name]) => name);
}

/** Makes sure this machine can run a cluster, installing what Debian has; says what is missing otherwise. */
export async function ensureRequirements(onProgress: (message: string) => void): Promise<void> {
  requirePlatform(process.platform, process.getuid?.());
  const missing = missingPackages();
  if (missing.length === 0) return;
  if (!which("apt-get")) {
    throw new UserError(
      `The local cluster needs ${missing.join(", ")}; install these packages with this system's package manager`,
    );
  }
  onProgress(`installing ${missing.join(" ")}`);
  await aptInstall(missing);
}

export function requirePlatform(platform: NodeJS.Platform, uid: number | undefined): void {
  if (platform !== "linux") {
    throw new UserError(
      `The local cluster runs on Linux only, not on ${platform}; ${anotherCluster}`,
    );
  }
  if (uid !== 0) {
    throw new UserError(
      `The local cluster must be started as root (run the same command with \`sudo\`); or ${anotherCluster}`,
    );
  }
}

// Debian asks this script whether a freshly installed service may start: containerd's own must not.
const policy = "/usr/sbin/policy-rc.d";

async function aptInstall(names: string[]): Promise<void> {
  const hadPolicy = existsSync(policy);
  if (!hadPolicy) await writeFile(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const command = ["-o", "DPkg::Lock::Timeout=300", "-y", "--no-install-recommends"];
  const install = () => run("apt-get", [...command, "install", ...names], { env });
  try {
    await install().catch(async () => {
      await run("apt-get", ["-y", "update"], { env }); // no package lists yet, or old ones
      await install();
    });
  } catch {
    throw new UserError(
      `These Debian packages cannot be installed: ${names.join(" ")}; see \`apt-get install ${names.join(" ")}\``,
    );
  } finally {
    if (!hadPolicy) await rm(policy, { force: true });
  }
}
