import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { parse } from "yaml";

/** What the tests look at of any object. */
export interface KubeObject {
  metadata: {
    name: string;
    uid: string;
    resourceVersion: string;
    labels?: Record<string, string>;
    deletionTimestamp?: string;
  };
  spec?: Record<string, unknown>;
  data?: Record<string, string>;
  status?: {
    phase?: string;
    conditions?: { type: string; status: string }[];
    containerStatuses?: { name: string; restartCount: number }[];
  };
}

export interface Kube {
  /** Any request to the API server. The body of a PATCH is a merge patch. */
  call(method: string, path: string, body?: object): Promise<{ status: number; body: unknown }>;
  get(path: string): Promise<KubeObject>;
  list(path: string): Promise<KubeObject[]>;
  pods(namespace: string): Promise<KubeObject[]>;
}

interface Kubeconfig {
  clusters: { cluster: { server: string; "certificate-authority-data": string } }[];
  users: { user: { "client-certificate-data": string; "client-key-data": string } }[];
}

/** The API server that a kubeconfig with one cluster and one user names, and how to be let in. */
export function apiServer(path: string): { server: string; agent: Agent } {
  const { clusters, users } = parse(readFileSync(path, "utf8")) as Kubeconfig;
  const { cluster } = clusters[0]!;
  const { user } = users[0]!;
  const agent = new Agent({
    ca: Buffer.from(cluster["certificate-authority-data"], "base64"),
    cert: Buffer.from(user["client-certificate-data"], "base64"),
    key: Buffer.from(user["client-key-data"], "base64"),
  });
  return { server: cluster.server, agent };
}

export function kube(path: string): Kube {
  const { server, agent } = apiServer(path);
  const call: Kube["call"] = (method, target, body) =>
    new Promise((resolve, reject) => {
      const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
      const headers = body ? { "content-type": type } : {};
      const url = new URL(target, server);
      const outgoing = request(url, { method, agent, headers, timeout: 30_000 }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () => {
          // a path that there is not is answered with plain text
          const isJson = response.headers["content-type"]?.includes("json");
          resolve({ status: response.statusCode ?? 0, body: isJson ? JSON.parse(text) : text });
        });
      });
      outgoing.on("error", reject);
      outgoing.on("timeout", () => outgoing.destroy(new Error(`${target} does not answer`)));
      outgoing.end(body && JSON.stringify(body));
    });
  const get = async (target: string): Promise<unknown> => {
    const { status, body } = await call("GET", target);
    if (status !== 200) throw new Error(`${target} answers ${status}`);
    return body;
  };
  const list = async (target: string) => ((await get(target)) as { items: KubeObject[] }).items;
  return {
    call,
    get: async (target) => (await get(target)) as KubeObject,
    list,
    pods: (namespace) => list(`/api/v1/namespaces/${namespace}/pods`),
  };
}

export const isReady = ({ metadata, status }: KubeObject): boolean =>
  metadata.deletionTimestamp === undefined &&
  status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;

export const restartsOf = ({ status }: KubeObject): number =>
  (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
