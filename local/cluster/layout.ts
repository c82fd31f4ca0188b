import { join } from "node:path";
import { cacheRoot } from "../support/cache.ts";
import { UserError } from "../support/errors.ts";

/** The context in the kubeconfig, and the name the cluster goes by everywhere. */
export const clusterName = "mlops-local";
export const nodeName = "mlops-local";

/**
 * The addresses of the cluster. The node has one of its own, on an interface that exists before the
 * first pod: it stays the same when the laptop changes networks, and DNS can listen on it at once.
 */
export const addresses = {
  node: "10.244.255.1",
  pods: "10.244.0.0/24",
  /** Pods and node together. */
  cluster: "10.244.0.0/16",
  services: "10.96.0.0/16",
  /** The first address of the service range is the API server's. */
  apiService: "10.96.0.1",
} as const;

export const interfaces = { node: "mlops-node", bridge: "mlops-pods" } as const;

/** Every pod lives below this control group, so that its processes can be told from all others. */
export const cgroup = "mlops-local";

export const defaultApiPort = 6443;

/** The port of the API server on the loopback address: MLOPS_API_PORT, or 6443. */
export function apiPort(env: NodeJS.ProcessEnv = process.env): number {
  const text = env["MLOPS_API_PORT"];
  if (!text) return defaultApiPort;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1024 && port <= 65535) return port;
  throw new UserError(
    `MLOPS_API_PORT is "${text}" but must be a port from 1024 to 65535; unset it to use ${defaultApiPort}`,
  );
}

export interface ClusterPaths {
  /** The cache folder, which holds more than the cluster. */
  root: string;
  /** Holds everything that follows; removed as a whole by deleteCluster(). */
  state: string;
  pki: string;
  config: string;
  log: string;
  /** Sockets, network namespaces and what else dies with the processes. */
  run: string;
  etcd: string;
  containerd: string;
  kubelet: string;
  podLogs: string;
  addressLeases: string;
  /** One folder per volume claim: the users' data. */
  volumes: string;
  kubeconfig: string;
  containerdSocket: string;
  /** Built binaries, one folder per content of the Go sources. */
  binaries: string;
}

// A socket's path is limited to 107 bytes; kubelet's pod-resources socket is the longest below the state folder.
const longestSocket = "kubelet/pod-resources/kubelet.sock";

export function clusterPaths(root: string = cacheRoot()): ClusterPaths {
  const state = join(root, "cluster");
  if (Buffer.byteLength(join(state, longestSocket)) > 107) {
    throw new UserError(
      `The cache folder ${root} has too long a path for sockets; set MLOPS_CACHE_DIR to a shorter one`,
    );
  }
  const inState = (name: string) => join(state, name);
  return {
    root,
    state,
    pki: inState("pki"),
    config: inState("config"),
    log: inState("log"),
    run: inState("run"),
    etcd: inState("etcd"),
    containerd: inState("containerd"),
    kubelet: inState("kubelet"),
    podLogs: inState("pod-logs"),
    addressLeases: inState("address-leases"),
    volumes: inState("volumes"),
    kubeconfig: inState("kubeconfig"),
    containerdSocket: inState("run/containerd.sock"),
    binaries: join(root, "bin"),
  };
}
