import { withLock } from "../support/lock.ts";
import { addresses, clusterName, clusterPaths, type ClusterPaths } from "./clusterLayout.ts";
import { remove, start, stateOf, stop, type ClusterState } from "./lifecycle.ts";
import { requirePlatform } from "./requirements.ts";

export {
  type Descriptor,
  hasImage,
  importImages,
  type Layers,
  layersPresent,
} from "./nodeImages.ts";
export { ensureHelm } from "./programs.ts";
export type { ClusterState } from "./lifecycle.ts";

/** How to reach the running cluster. */
export interface ClusterHandle {
  /** Path of a kubeconfig with full rights. */
  kubeconfig: string;
  context: typeof clusterName;
  /** Where NodePorts are found. */
  nodeAddress: "127.0.0.1";
  /** Where pods find the API server and DNS. */
  controlPlaneAddress: typeof addresses.node;
}

export interface ClusterStatus extends ClusterHandle {
  state: ClusterState;
  /** Why an incomplete cluster takes no pods. */
  problem?: string;
  /** Folder with the cluster's data and logs. */
  folder: string;
}

export interface ClusterOptions {
  /** Called with what the command is doing or waiting for. */
  onProgress?: (message: string) => void;
}

/** One per machine, wherever the cluster's folder is. */
const lockFile = "/run/mlops-local-cluster.lock";

const handle = (paths: ClusterPaths): ClusterHandle => ({
  kubeconfig: paths.kubeconfig,
  context: clusterName,
  nodeAddress: "127.0.0.1",
  controlPlaneAddress: addresses.node,
});

/** Makes sure the local cluster runs, building it first where needed. Returns at once if it runs. */
export async function startCluster(options: ClusterOptions = {}): Promise<ClusterHandle> {
  const paths = clusterPaths();
  await exclusively("starting", options, (report) => start(paths, report));
  return handle(paths);
}

/** Stops every process of the cluster and frees the network; all data stays. */
export async function stopCluster(options: ClusterOptions = {}): Promise<void> {
  const paths = clusterPaths();
  await exclusively("stopping", options, (report) => stop(paths, report));
}

/**
 * Removes the cluster and all data in it: no process, mount, interface, rule, setting or file stays.
 * The built programs stay for the next time unless `programs` is set.
 */
export async function deleteCluster(
  options: ClusterOptions & { programs?: boolean } = {},
): Promise<void> {
  const paths = clusterPaths();
  await exclusively("deleting", options, (report) =>
    remove(paths, report, { programs: options.programs ?? false }),
  );
}

/** The current state of the local cluster. Needs no rights and changes nothing. */
export async function clusterStatus(): Promise<ClusterStatus> {
  const paths = clusterPaths();
  return { ...handle(paths), ...(await stateOf(paths)), folder: paths.state };
}

function exclusively(
  purpose: string,
  options: ClusterOptions,
  work: (report: (message: string) => void) => Promise<void>,
): Promise<void> {
  requirePlatform(process.platform, process.getuid?.());
  const report = options.onProgress ?? (() => {});
  return withLock(
    lockFile,
    `${purpose} the local cluster`,
    () => work(report),
    ({ pid, purpose }) => report(`waiting for process ${pid}, which is ${purpose}`),
  );
}
