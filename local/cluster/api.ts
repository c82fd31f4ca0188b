import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ApiError, type ApiServer, send } from "../support/apiServer.ts";
import type { ClusterPaths } from "./clusterLayout.ts";

export interface ApiResponse {
  status: number;
  text: string;
}

export type Api = (method: string, path: string, body?: object) => Promise<ApiResponse>;

/** The few requests that starting a cluster needs. */
export function apiClient(paths: ClusterPaths, port: number): Api {
  const pem = (file: string) => readFileSync(join(paths.pki, file));
  const login = { ca: pem("ca.crt"), cert: pem("admin.crt"), key: pem("admin.key"), agent: false };
  const server: ApiServer = { url: `https://127.0.0.1:${port}`, options: () => login };
  return async (method, path, body) => {
    try {
      const type = "application/apply-patch+yaml";
      return {
        status: 200,
        text: await send(server, method, path, { body, type, timeout: 3_000 }),
      };
    } catch (error) {
      if (error instanceof ApiError) return { status: error.status, text: error.message };
      throw error;
    }
  };
}

/** Creates or updates an object by server-side apply. */
export async function apply(api: Api, path: string, object: object): Promise<void> {
  const response = await api("PATCH", `${path}?fieldManager=mlops-local&force=true`, object);
  if (response.status >= 300) {
    throw new Error(`the API server refused ${path}: ${response.status} ${response.text}`);
  }
}

/** Whether the API server answers on a path, `/readyz` with everything that it sets up at its start. */
export const serves = (api: Api, path: string): Promise<boolean> =>
  api("GET", path).then(
    ({ status }) => status === 200,
    () => false,
  );

interface Node {
  spec: { taints?: { key: string }[] };
  status: { conditions?: { type: string; status: string }[] };
}

/**
 * Why the node takes no pods; undefined when it does: it reports Ready, has no taint, and has renewed its lease since the
 * given time (what the API server knows may be from before a restart).
 */
export async function nodeProblem(
  api: Api,
  name: string,
  since: number,
): Promise<string | undefined> {
  const get = async (path: string): Promise<unknown> => {
    const { status, text } = await api("GET", path);
    if (status !== 200) throw new Error(text);
    return JSON.parse(text);
  };
  try {
    const [node, lease] = (await Promise.all([
      get(`/api/v1/nodes/${name}`),
      get(`/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}`),
    ])) as [Node, { spec: { renewTime: string } }];
    if (Date.parse(lease.spec.renewTime) < since) return "the node has not reported yet";
    const taint = node.spec.taints?.find(({ key }) => key.startsWith("node.kubernetes.io/"))?.key;
    if (taint === "node.kubernetes.io/disk-pressure") {
      return "the disk is full, or was within the last half minute; free some space";
    }
    if (taint !== undefined) return `the node has a taint that keeps pods away: ${taint}`;
    const ready = node.status.conditions?.find(({ type }) => type === "Ready");
    return ready?.status === "True" ? undefined : "the node does not report Ready";
  } catch {
    return "the API server does not know the node yet";
  }
}
