import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { UserError } from "../support/errors.ts";
import {
  cniConfig,
  containerdConfig,
  corefile,
  kubeconfig,
  kubeletConfig,
  proxyConfig,
  upstreamServers,
} from "./configs.ts";
import { addresses, defaultApiPort, mountedPaths, type ClusterPaths } from "./clusterLayout.ts";

/** Rewrites every configuration file, so that none is ever half-written or from an older version. */
export async function writeConfigs(paths: ClusterPaths, port: number): Promise<void> {
  await mkdir(paths.state, { recursive: true, mode: 0o700 });
  const folders = [paths.run, paths.log, paths.kubelet, paths.podLogs, paths.volumes, paths.etcd];
  for (const folder of [...folders, join(paths.config, "cni")]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
  const upstream = upstreamServers(await readFile("/etc/resolv.conf", "utf8").catch(() => ""));
  const seen = mountedPaths(paths);
  const files: Record<string, string> = {
    "containerd.toml": containerdConfig(seen),
    "cni/10-pods.conflist": cniConfig(seen),
    "kubelet.json": kubeletConfig(seen),
    "proxy.json": proxyConfig(seen),
    Corefile: corefile(seen, upstream),
    "resolv.conf": `nameserver ${addresses.node}\n`,
  };
  const pki = (file: string) => readFile(join(paths.pki, file), "utf8");
  const userConfig = async (user: string) =>
    kubeconfig(user, port, {
      ca: await pki("ca.crt"),
      certificate: await pki(`${user}.crt`),
      key: await pki(`${user}.key`),
    });
  const users = [
    ...["controller-manager", "scheduler", "kubelet", "proxy"],
    ...["dns", "metrics-server", "network-policies", "volumes"],
  ];
  for (const user of users) {
    files[`${user}.kubeconfig`] = await userConfig(user);
  }
  for (const [name, content] of Object.entries(files)) {
    await writePrivately(join(paths.config, name), content);
  }
  await writePrivately(paths.kubeconfig, await userConfig("admin"));
}

async function writePrivately(file: string, content: string): Promise<void> {
  await writeFile(`${file}.new`, content, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** The port that the running cluster was started with; MLOPS_API_PORT may have changed since. */
export async function portInUse(paths: ClusterPaths): Promise<number> {
  const text = await readFile(paths.kubeconfig, "utf8");
  const config = JSON.parse(text) as { clusters: { cluster: { server: string } }[] };
  return Number(new URL(config.clusters[0]?.cluster.server ?? "").port);
}

const isFree = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });

/** Refuses to start on a port that another process listens on. */
export async function checkApiPortIsFree(port: number): Promise<void> {
  if (await isFree("0.0.0.0", port)) return;
  const other = port === defaultApiPort ? 16443 : defaultApiPort;
  throw new UserError(
    `Port ${port}, which the local cluster's API server needs, is already taken; stop what listens there (\`ss -ltnp 'sport = :${port}'\`) or choose another with MLOPS_API_PORT=${other}`,
  );
}

/** Refuses to start where the name server's port is taken on all addresses, the node's included. */
export async function checkDnsPortIsFree(): Promise<void> {
  if (await isFree(addresses.node, 53)) return;
  throw new UserError(
    `Port 53 on ${addresses.node}, which the local cluster's DNS needs, is already taken; let the name server of this machine listen on its own addresses only (dnsmasq: bind-interfaces)`,
  );
}

/** True when there is data of an earlier cluster. */
export const hasState = (paths: ClusterPaths): boolean => existsSync(paths.state);
