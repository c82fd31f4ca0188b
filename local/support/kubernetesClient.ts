import type { KubeConfig } from "@kubernetes/client-node";
import { ApiError, type ApiServer, apiServerOf, clusterProblem, send } from "./apiServer.ts";
import { UserError } from "./errors.ts";
import { sleep } from "./process.ts";
import type { JsonObject } from "./propertyValues.ts";

const fieldManager = "mlops";

export interface Connection {
  /** Path of a kubeconfig; the usual places when absent. */
  kubeconfig?: string;
  context?: string;
  /** Namespace of objects that name none. */
  namespace?: string;
}

interface KubernetesObject {
  apiVersion?: string;
  kind?: string;
  metadata?: { name?: string; namespace?: string };
}

interface ApiResource {
  name: string;
  kind: string;
  namespaced: boolean;
}

/** Reads, applies and deletes objects of any kind, as plain JSON. */
export class KubernetesClient {
  /** Name of the kubeconfig's context, for commands in messages. */
  readonly context: string;
  readonly #server: ApiServer;
  readonly #namespace: string;
  readonly #resources = new Map<string, Promise<ApiResource[]>>();

  /** @throws UserError with the fix where no cluster answers. */
  static async connect(connection: Connection): Promise<KubernetesClient> {
    const config = await kubeconfigOf(connection);
    const problem = await clusterProblem(config);
    if (problem === undefined) return new KubernetesClient(config, connection.namespace);
    const context = config.getCurrentContext();
    throw new UserError(
      `${context ? `the context ${context}: ` : ""}${problem}, or choose another cluster with --kubeconfig and --context`,
    );
  }

  private constructor(config: KubeConfig, namespace: string | undefined) {
    this.context = config.getCurrentContext();
    this.#server = apiServerOf(config);
    this.#namespace = namespace ?? config.getContextObject(this.context)?.namespace ?? "default";
  }

  /** The live object, or undefined when there is none. */
  async get(object: JsonObject): Promise<JsonObject | undefined> {
    return this.request("GET", await this.#pathOf(object)).catch(undefinedIfMissing);
  }

  /** Server-side apply; fields that another manager has set (`kubectl scale`) are reset. */
  async apply(object: JsonObject): Promise<JsonObject> {
    const query = `?fieldManager=${fieldManager}&force=true`;
    const path = await this.#pathOf(object);
    return this.request("PATCH", path + query, object, "application/apply-patch+yaml");
  }

  /** Requests the deletion, if there is something to delete. */
  async delete(object: JsonObject, propagationPolicy: string): Promise<void> {
    const path = await this.#pathOf(object);
    await this.request("DELETE", path, { propagationPolicy }).catch(undefinedIfMissing);
  }

  /** One request, retried when the server is briefly away or busy. */
  async request(
    method: string,
    path: string,
    body?: JsonObject,
    type?: string,
  ): Promise<JsonObject> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return JSON.parse(await send(this.#server, method, path, { body, type })) as JsonObject;
      } catch (error) {
        const isLasting = error instanceof ApiError && error.status < 500 && error.status !== 429;
        if (isLasting || attempt === 5) throw error;
        await sleep(250 * 2 ** attempt);
      }
    }
  }

  /** The log of a pod, as text. */
  async logs(namespace: string, pod: string, query: string): Promise<string> {
    return send(this.#server, "GET", `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}`);
  }

  /** Milliseconds by which the API server's clock is ahead of this machine's, with the precision of its header: a second. */
  async clockSkew(): Promise<number> {
    let time = NaN;
    const onHeaders = ({ date = "" }) => (time = Date.parse(date));
    await send(this.#server, "GET", "/version", { onHeaders });
    return time + 500 - Date.now();
  }

  async #pathOf(object: JsonObject): Promise<string> {
    const { apiVersion = "v1", kind = "", metadata = {} } = object as KubernetesObject;
    const resource = await this.#resourceOf(apiVersion, kind);
    const scope = resource.namespaced ? `/namespaces/${metadata.namespace ?? this.#namespace}` : "";
    const name = encodeURIComponent(metadata.name ?? "");
    return `${groupPath(apiVersion)}${scope}/${resource.name}/${name}`;
  }

  /** The API resource of a kind. A definition that was applied a moment ago may take a while to appear. */
  async #resourceOf(apiVersion: string, kind: string): Promise<ApiResource> {
    for (let attempt = 1; ; attempt += 1) {
      const known = this.#resources.get(apiVersion) ?? this.#discover(apiVersion);
      this.#resources.set(apiVersion, known);
      const found = (await known).find((one) => one.kind === kind && !one.name.includes("/"));
      if (found) return found;
      this.#resources.delete(apiVersion);
      if (attempt === 10)
        throw new UserError(
          `the cluster has no kind ${kind} in ${apiVersion}; install its definition`,
        );
      await sleep(1_000);
    }
  }

  async #discover(apiVersion: string): Promise<ApiResource[]> {
    const list = await this.request("GET", groupPath(apiVersion)).catch(undefinedIfMissing);
    return (list?.["resources"] ?? []) as unknown as ApiResource[];
  }
}

async function kubeconfigOf({ kubeconfig, context }: Connection): Promise<KubeConfig> {
  // loaded only here: it takes half a second, and a plan without a cluster does not need it
  const { loadKubeconfig } = await import("./loadKubeconfig.ts");
  const config = loadKubeconfig(kubeconfig, context);
  if (!context || config.getContextObject(context)) return config;
  const known = config.getContexts().map(({ name }) => name);
  throw new UserError(
    `the kubeconfig has no context ${context}; choose one of ${known.join(", ") || "(none)"}`,
  );
}

function undefinedIfMissing(error: unknown): undefined {
  if (error instanceof ApiError && error.status === 404) return undefined;
  throw error;
}

function groupPath(apiVersion: string): string {
  return `${apiVersion.includes("/") ? "/apis" : "/api"}/${apiVersion}`;
}
