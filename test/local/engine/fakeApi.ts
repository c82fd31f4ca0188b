import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

type Fields = Record<string, any>;

const kinds: Record<string, { name: string; kind: string; namespaced: boolean }[]> = {
  "/api/v1": [
    { name: "namespaces", kind: "Namespace", namespaced: false },
    { name: "configmaps", kind: "ConfigMap", namespaced: true },
    { name: "secrets", kind: "Secret", namespaced: true },
    { name: "services", kind: "Service", namespaced: true },
    { name: "persistentvolumeclaims", kind: "PersistentVolumeClaim", namespaced: true },
    { name: "serviceaccounts", kind: "ServiceAccount", namespaced: true },
  ],
  "/apis/networking.k8s.io/v1": [
    { name: "networkpolicies", kind: "NetworkPolicy", namespaced: true },
  ],
  "/apis/policy/v1": [
    { name: "poddisruptionbudgets", kind: "PodDisruptionBudget", namespaced: true },
  ],
  "/apis/autoscaling/v2": [
    { name: "horizontalpodautoscalers", kind: "HorizontalPodAutoscaler", namespaced: true },
  ],
  "/apis/rbac.authorization.k8s.io/v1": [
    { name: "clusterroles", kind: "ClusterRole", namespaced: false },
    { name: "clusterrolebindings", kind: "ClusterRoleBinding", namespaced: false },
    { name: "roles", kind: "Role", namespaced: true },
    { name: "rolebindings", kind: "RoleBinding", namespaced: true },
  ],
  "/apis/apps/v1": [
    { name: "deployments", kind: "Deployment", namespaced: true },
    { name: "daemonsets", kind: "DaemonSet", namespaced: true },
    { name: "statefulsets", kind: "StatefulSet", namespaced: true },
  ],
  "/apis/batch/v1": [
    { name: "jobs", kind: "Job", namespaced: true },
    { name: "cronjobs", kind: "CronJob", namespaced: true },
  ],
};

/**
 * Stands for a cluster with nodes where there is none: keeps applied objects in memory, reports the status of workloads
 * that the test sets, and records every requested change.
 */
export class FakeApi {
  readonly objects = new Map<string, Fields>();
  /** `apply Job migrate`, `delete Deployment server`, in the order they came. */
  readonly writes: string[] = [];
  pods: Fields[] = [];
  requests = 0;
  log = "";
  events: Fields[] = [];
  /** What its user may not do, such as `create namespaces`. */
  denied: string[] = [];
  /** Seconds by which its clock is ahead. */
  clockAhead = 0;
  /** Milliseconds before each answer. */
  delay = 0;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      void this.#answer(request).then(([status, body]) =>
        setTimeout(() => {
          const date = new Date(Date.now() + this.clockAhead * 1000).toUTCString();
          response.writeHead(status, { "content-type": "application/json", date });
          response.end(typeof body === "string" ? body : JSON.stringify(body));
        }, this.delay),
      );
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** The status of a workload; ready unless a test says otherwise. */
  status(object: Fields): Fields {
    if (object["kind"] === "Job") return { succeeded: 1, conditions: [yes("Complete")] };
    const replicas = object["spec"]?.replicas ?? 1;
    const counts = { replicas, updatedReplicas: replicas, readyReplicas: replicas };
    return {
      observedGeneration: object["metadata"].generation,
      ...counts,
      availableReplicas: replicas,
    };
  }

  /** Puts an object there that nothing under test has made. */
  put(path: string, object: Fields): void {
    const name = path.split("/").at(-1);
    const metadata = { name, uid: crypto.randomUUID(), ...object["metadata"] };
    this.objects.set(path, { ...object, metadata });
  }

  find(kind: string, name: string): Fields | undefined {
    return [...this.objects.values()].find(
      (object) => object["kind"] === kind && object["metadata"].name === name,
    );
  }

  async #answer(request: IncomingMessage): Promise<[number, Fields | string]> {
    this.requests += 1;
    const path = (request.url ?? "").split("?")[0] ?? "";
    const resources = kinds[path];
    if (path === "/version") return [200, {}];
    if (resources) return [200, { resources }];
    if (path.endsWith("/log")) return [200, this.log];
    if (path.endsWith("/pods")) return [200, { items: [...this.pods, ...this.#listed(path)] }];
    if (path.endsWith("/events")) return [200, { items: this.events }];
    if (path.endsWith("/selfsubjectaccessreviews")) {
      const { verb, resource } = (await bodyOf(request))["spec"].resourceAttributes;
      return [201, { status: { allowed: !this.denied.includes(`${verb} ${resource}`) } }];
    }
    const known = this.objects.get(path);
    if (request.method === "PATCH") {
      const body = await bodyOf(request);
      const isMerge = request.headers["content-type"]?.includes("merge-patch");
      return this.#apply(path, isMerge ? overlaid(known, body) : body);
    }
    if (!known) {
      const items = this.#listed(path);
      return items.length > 0 ? [200, { items }] : [404, { message: "not found" }];
    }
    if (request.method === "DELETE") {
      this.objects.delete(path);
      this.writes.push(`delete ${known["kind"]} ${known["metadata"].name}`);
    }
    return [200, { ...known, status: this.status(known) }];
  }

  /** Objects of a kind, in one namespace or in all. */
  #listed(path: string): Fields[] {
    const match = /^(.*\/v1)(\/namespaces\/[^/]+)?\/([^/]+)$/.exec(path);
    if (!match) return [];
    const [, group, namespace = "", name] = match;
    return [...this.objects]
      .filter(([key]) => key.startsWith(group + namespace) && key.split("/").at(-2) === name)
      .map(([, object]) => object);
  }

  #apply(path: string, object: Fields): [number, Fields] {
    const old = this.objects.get(path);
    const fixed = ({ kind, spec }: Fields) =>
      JSON.stringify(
        kind === "Job" ? spec.template : kind === "PersistentVolumeClaim" && spec.accessModes,
      );
    if (old && fixed(old) !== fixed(object)) return [422, { message: "spec: field is immutable" }];
    const namespace = /namespaces\/([^/]+)\/[^/]+\/[^/]+$/.exec(path)?.[1];
    const metadata = {
      ...object["metadata"],
      ...(namespace && { namespace }),
      uid: old?.["metadata"].uid ?? crypto.randomUUID(),
      generation: (old?.["metadata"].generation ?? 0) + 1,
    };
    const live = {
      ...object,
      metadata,
      spec: { ...object["spec"], selector: object["spec"]?.selector ?? { matchLabels: {} } },
    };
    this.objects.set(path, live);
    this.writes.push(`apply ${object["kind"]} ${metadata.name}`);
    return [200, { ...live, status: this.status(live) }];
  }
}

const overlaid = (base: Fields | undefined, update: Fields): Fields => ({
  ...base,
  ...Object.fromEntries(
    Object.entries(update).map(([key, value]) => [
      key,
      typeof value === "object" ? overlaid(base?.[key], value as Fields) : value,
    ]),
  ),
});

export function yes(type: string, more: Fields = {}): Fields {
  return { type, status: "True", ...more };
}

async function bodyOf(request: IncomingMessage): Promise<Fields> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return JSON.parse(text) as Fields;
}

/** A kubeconfig for a server without authentication. */
export function plainKubeconfig(server: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "fake", cluster: { server, "insecure-skip-tls-verify": true } }],
    users: [{ name: "nobody", user: {} }],
    contexts: [{ name: "fake", context: { cluster: "fake", user: "nobody" } }],
    "current-context": "fake",
  });
}
