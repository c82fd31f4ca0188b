import { installPackages, missingPackages } from "../support/debianPackages.ts";
import { UserError } from "../support/errors.ts";
import { which } from "../support/process.ts";

/** A program of each Debian package that the cluster needs. */
export const packages = {
  containerd: "containerd",
  runc: "runc",
  "/usr/lib/cni/bridge": "containernetworking-plugins",
  iptables: "iptables",
  ipset: "ipset",
  ip: "iproute2",
  openssl: "openssl",
  umount: "mount",
};

const anotherCluster =
  "use another cluster: install Minikube (https://minikube.sigs.k8s.io) or configure a kubeconfig context";

/** Makes sure this machine can run a cluster, installing what Debian has; says what is missing otherwise. */
export async function ensureRequirements(onProgress: (message: string) => void): Promise<void> {
  requirePlatform(process.platform, process.getuid?.());
  const missing = missingPackages(packages);
  if (missing.length === 0) return;
  if (!which("apt-get")) {
    throw new UserError(
      `The local cluster needs ${missing.join(", ")}; install these packages with this system's package manager`,
    );
  }
  onProgress(`installing ${missing.join(" ")}`);
  await installPackages(missing);
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
