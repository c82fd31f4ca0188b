import type { KubeConfig } from "@kubernetes/client-node";
import { UserError } from "../support/errors.ts";
import { pause } from "./handler.ts";
import { ApiError, kubeconfigOf, send } from "./kubernetesHttp.ts";
import type { Connection } from "./kubernetesHttp.ts";
import { clusterProblem } from "./kubernetesProblem.ts";
import { objectAt, textAt } from "./values.ts";
import type { JsonObject } from "./values.ts";

const fieldManager = "mlops";
const never = new AbortController().signal;

interface ApiResource {
  name: string;
  kind: string;
  namespaced: boolean;
}

/**
 * A small Kubernetes client on top of client-node's kubeconfig: requests are plain JSON, because the typed client
 * drops fields that are newer than itself.
 */
export class KubernetesClient {
  readonly #config: KubeConfig;
  readonly #namespace: string;
  readonly #resources = new Map<string, Promise<ApiResource[]>>();

  static async connect(connection: Connection): Promise<KubernetesClient> {
    const client = new KubernetesClient(await kubeconfigOf(connection), connection.namespace);
    await client.#probe();
    return client;
  }

  private constructor(config: KubeConfig, namespace: string | undefined) {
    const context = config.getContextObject(config.getCurrentContext());
    this.#config = config;
    this.#namespace = namespace ?? context?.namespace ?? "default";
  }

  /** Name of the kubeconfig's context, for commands that people are told. */
  get context(): string {
    return this.#config.getCurrentContext();
  }

  async #probe(): Promise<void> {
    const problem = await clusterProblem(this.#config);
    if (problem === undefined) return;
    const context = this.#config.getCurrentContext();
    throw new UserError(
      `${context ? `the context ${context}: ` : ""}${problem}, or choose another cluster with --kubeconfig and --context`,
    );
  }

  /** The live object, or undefined when there is none. */
  async get(object: JsonObject): Promise<JsonObject | undefined> {
    try {
      return await this.request("GET", await this.#pathOf(object));
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Server-side apply; fields that somebody else has taken (`kubectl scale`) are taken back. */
  async apply(object: JsonObject): Promise<JsonObject> {
    const query = `?fieldManager=${fieldManager}&force=true`;
    const path = await this.#pathOf(object);
    return this.request("PATCH", path + query, object, "application/apply-patch+yaml");
  }

  /** Asks for the deletion; true when there was something to delete. */
  async delete(object: JsonObject, propagationPolicy: string): Promise<boolean> {
    try {
      await this.request("DELETE", await this.#pathOf(object), { propagationPolicy });
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return false;
      throw error;
    }
  }

  /** Objects of a namespace as the API lists them, e.g. `pods`, chosen by labels. */
  async list(namespace: string, resource: string, labels: JsonObject): Promise<JsonObject[]> {
    const selector = Object.entries(labels).map(([key, value]) => `${key}=${String(value)}`);
    const query = `?labelSelector=${encodeURIComponent(selector.join(","))}`;
    const answer = await this.request("GET", `/api/v1/namespaces/${namespace}/${resource}${query}`);
    return (answer["items"] ?? []) as JsonObject[];
  }

  /** One request, tried again when the server is briefly away or busy. */
  async request(
    method: string,
    path: string,
    body?: JsonObject,
    type = "application/json",
  ): Promise<JsonObject> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return JSON.parse(await send(this.#config, method, path, { body, type })) as JsonObject;
      } catch (error) {
        const isLasting = error instanceof ApiError && error.status < 500 && error.status !== 429;
        if (isLasting || attempt === 5) throw error;
        await pause(250 * 2 ** attempt, never);
      }
    }
  }

  /** The last lines a container wrote. */
  async logs(namespace: string, pod: string, query: string): Promise<string> {
    const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}`;
    return send(this.#config, "GET", path);
  }

  async #pathOf(object: JsonObject): Promise<string> {
    const apiVersion = textAt(object, "apiVersion") ?? "v1";
    const metadata = objectAt(object, "metadata");
    const resource = await this.#resourceOf(apiVersion, textAt(object, "kind") ?? "");
    const namespace = textAt(metadata, "namespace") ?? this.#namespace;
    const scope = resource.namespaced ? `/namespaces/${namespace}` : "";
    const name = encodeURIComponent(textAt(metadata, "name") ?? "");
    return `${groupPath(apiVersion)}${scope}/${resource.name}/${name}`;
  }

  /** How the API calls a kind. A definition that was applied a moment ago may take a while to appear. */
  async #resourceOf(apiVersion: string, kind: string): Promise<ApiResource> {
    for (let attempt = 1; ; attempt += 1) {
      let known = this.#resources.get(apiVersion);
      if (!known) {
        known = this.request("GET", groupPath(apiVersion)).then(
          (list) => list["resources"] as unknown as ApiResource[],
        );
        this.#resources.set(apiVersion, known);
      }
      const resources = await known.catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 404) return [];
        throw error;
      });
      const found = resources.find((one) => one.kind === kind && !one.name.includes("/"));
      if (found) return found;
      this.#resources.delete(apiVersion);
      if (attempt === 10)
        throw new UserError(
          `the cluster knows no ${kind} in ${apiVersion}; install its definition`,
        );
      await pause(1_000, never);
    }
  }
}

function groupPath(apiVersion: string): string {
  return `${apiVersion.includes("/") ? "/apis" : "/api"}/${apiVersion}`;
}
