import { join } from "node:path";
import { cacheRoot } from "../support/cache.ts";
import { UserError } from "../support/errors.ts";

/** The context in the kubeconfig, and the name of the cluster everywhere else. */
export const clusterName = "mlops-local";
export const nodeName = "mlops-local";

/**
 * The addresses of the cluster. The node has a separate one, on an interface that exists before the
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

/** Every pod runs below this control group, which sets its processes apart from all others. */
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
  /** Sockets, network namespaces and whatever else ends with the processes. */
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
  /** Built programs, one folder per content of the Go sources. */
  programs: string;
}

/**
 * Where the cluster's programs find its state folder, on any machine. Their sockets allow 107 characters, kubelet
 * takes ASCII only, and mounts give commas and colons a meaning; the cache may be anywhere.
 */
export const stateMount = "/run/mlops-local";

export function clusterPaths(root: string = cacheRoot()): ClusterPaths {
  const state = join(root, "cluster");
  return {
    ...pathsIn(state),
    root,
    state,
    volumes: join(state, "volumes"),
    kubeconfig: join(state, "kubeconfig"),
    containerdSocket: join(stateMount, "run/containerd.sock"),
    programs: join(root, "bin"),
  };
}

/** The same paths as the cluster's programs see them. Volumes keep theirs, because every PersistentVolume names it. */
export const mountedPaths = (paths: ClusterPaths): ClusterPaths => ({
  ...paths,
  ...pathsIn(stateMount),
});

function pathsIn(folder: string) {
  const within = (name: string) => join(folder, name);
  return {
    pki: within("pki"),
    config: within("config"),
    log: within("log"),
    run: within("run"),
    etcd: within("etcd"),
    containerd: within("containerd"),
    kubelet: within("kubelet"),
    podLogs: within("pod-logs"),
    addressLeases: within("address-leases"),
  };
}
