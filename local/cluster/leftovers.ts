import { existsSync, readdirSync } from "node:fs";
import { mkdir, readFile, readlink, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { mountsBelow, unmountBelow } from "../support/mounts.ts";
import { run } from "../support/process.ts";
import { clusterName, mountedPaths, stateMount, type ClusterPaths } from "./clusterLayout.ts";

/** Removes a folder and everything in it, on its own file system only. */
export async function removeFolder(folder: string): Promise<void> {
  await unmountBelow(folder);
  await run("rm", ["-rf", "--one-file-system", "--", folder]);
}

/**
 * Frees the addresses of all pods, but not the order: the next pod gets the next address. Until the Services know the new
 * addresses, traffic to an old one must not reach a pod of another Service.
 */
export async function freeAddresses(leases: string): Promise<void> {
  if (!existsSync(leases)) return;
  await run("find", [leases, "-type", "f", "!", "-name", "last_reserved_ip.*", "-delete"]);
}

const emptyFolder = (folder: string) => rmdir(folder).catch(() => {}); // files of other programs stay

/** Mounts the state folder at its fixed path for the cluster's programs, unless it is mounted already. */
export async function mountState(state: string): Promise<void> {
  if (mountsBelow(stateMount).includes(stateMount)) return;
  await mkdir(state, { recursive: true, mode: 0o700 });
  await mkdir(stateMount, { recursive: true, mode: 0o700 });
  // private: what kubelet and containerd mount there is not mounted a second time in the folder itself
  await run("mount", ["--bind", "--make-private", "--", state, stateMount]);
}

export async function unmountState(): Promise<void> {
  await unmountBelow(stateMount);
  await emptyFolder(stateMount);
}

/** Removes the sockets that killed shims of containerd leave outside the state folder. */
export async function removeShimSockets(paths: ClusterPaths): Promise<void> {
  const tasks = join(paths.run, "containerd/io.containerd.runtime.v2.task/k8s.io");
  if (existsSync(tasks)) {
    for (const task of readdirSync(tasks)) {
      const address = await readFile(join(tasks, task, "address"), "utf8").catch(() => "");
      if (address.startsWith("unix:///run/containerd/s/")) {
        await rm(address.slice("unix://".length), { force: true });
      }
    }
  }
  await emptyFolder("/run/containerd/s");
  await emptyFolder("/run/containerd");
}

/** Removes the few files that containerd and kubelet can only write to fixed places. */
export async function removeFixedFiles(paths: ClusterPaths): Promise<void> {
  const results = "/var/lib/cni/results";
  if (existsSync(results)) {
    const all = readdirSync(results);
    const ours = all.flatMap(
      (name) => new RegExp(`^${clusterName}-(.+)-eth0$`).exec(name)?.[1] ?? [],
    );
    // Each pod has one file for its bridge port and one for its loopback, with the same identifier.
    for (const name of all.filter((file) => ours.some((id) => file.includes(id)))) {
      await rm(join(results, name), { force: true });
    }
  }
  const logs = "/var/log/containers";
  const podLogs = [mountedPaths(paths).podLogs, paths.podLogs]; // the second was in use before there was a mount
  if (existsSync(logs)) {
    for (const name of readdirSync(logs)) {
      const target = await readlink(join(logs, name)).catch(() => "");
      if (podLogs.some((folder) => target.startsWith(`${folder}/`))) {
        await rm(join(logs, name), { force: true });
      }
    }
  }
  const plugins = "/var/lib/kubelet/device-plugins";
  if (existsSync(plugins) && readdirSync(plugins).every((name) => /^kubelet/.test(name))) {
    await rm(plugins, { recursive: true });
  }
  for (const folder of [results, "/var/lib/cni", logs, "/var/lib/kubelet"]) {
    await emptyFolder(folder);
  }
}
