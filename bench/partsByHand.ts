/* The platform's own objects, deployed as a guide does it: one part after the other, each when the last one is ready. */
import type { Kube } from "../test/e2e/support/kube.ts";
import type { KubernetesClient } from "../local/support/kubernetesClient.ts";
import { sleep } from "../local/support/process.ts";
import type { JsonObject } from "../local/support/propertyValues.ts";
import { awaitReady } from "../local/support/readiness.ts";

/** What is read of any object, and changed in it. */
interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  spec?: { template?: PodTemplate } & Record<string, unknown>;
}
interface PodTemplate {
  metadata?: { labels?: Record<string, string> };
  spec: { containers: Container[] };
}
interface Container {
  startupProbe?: object;
  readinessProbe?: object;
}

interface Part {
  applications: string[];
  /** When the readiness probe of the usual chart looks first, and how often then, in seconds. */
  probe?: [first: number, every: number];
}

const sequence: Part[] = [
  { applications: ["network", "artifacts", "backup", "restore"] },
  { applications: ["postgres"], probe: [5, 10] },
  { applications: ["mlflow"], probe: [10, 30] },
  { applications: ["training"] },
  { applications: ["model-server"] },
  { applications: ["prediction-app"] },
  { applications: ["prometheus", "alertmanager", "prometheus-pushgateway"], probe: [30, 5] },
];

/** By group, in the order in which they are applied. */
const kinds: Record<string, Record<string, string>> = {
  v1: {
    configmaps: "ConfigMap",
    secrets: "Secret",
    services: "Service",
    serviceaccounts: "ServiceAccount",
    persistentvolumeclaims: "PersistentVolumeClaim",
  },
  "networking.k8s.io/v1": { networkpolicies: "NetworkPolicy" },
  "rbac.authorization.k8s.io/v1": {
    roles: "Role",
    rolebindings: "RoleBinding",
    clusterroles: "ClusterRole",
    clusterrolebindings: "ClusterRoleBinding",
  },
  "policy/v1": { poddisruptionbudgets: "PodDisruptionBudget" },
  "batch/v1": { cronjobs: "CronJob", jobs: "Job" },
  "apps/v1": { statefulsets: "StatefulSet", deployments: "Deployment" },
};

/** The objects of a platform that is deployed, to be deployed again by hand. */
export class PartsByHand {
  readonly #client: KubernetesClient;
  readonly #namespace: KubernetesObject;
  readonly #parts: KubernetesObject[][];

  static async of(client: KubernetesClient, api: Kube, namespace: string): Promise<PartsByHand> {
    const objects: KubernetesObject[] = [];
    for (const [apiVersion, plurals] of Object.entries(kinds)) {
      for (const [plural, kind] of Object.entries(plurals)) {
        const group = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
        const scope = plural.startsWith("cluster") ? "" : `/namespaces/${namespace}`;
        const found = await api.list(`${group}${scope}/${plural}`);
        for (const one of found as unknown as KubernetesObject[])
          objects.push(asApplied({ ...one, apiVersion, kind }));
      }
    }
    const parts = sequence.map(({ applications, probe }) =>
      objects
        .filter(({ metadata: { labels = {} } }) =>
          applications.includes(labels["app.kubernetes.io/name"] ?? ""),
        )
        .filter(({ metadata: { labels } }) => labels?.["app.kubernetes.io/managed-by"])
        .map((object) => (probe ? withProbe(object, probe) : object)),
    );
    const itself = (await api.get(`/api/v1/namespaces/${namespace}`)) as unknown;
    const home = asApplied(itself as KubernetesObject);
    return new PartsByHand(client, { ...home, apiVersion: "v1", kind: "Namespace" }, parts);
  }

  private constructor(
    client: KubernetesClient,
    namespace: KubernetesObject,
    parts: KubernetesObject[][],
  ) {
    [this.#client, this.#namespace, this.#parts] = [client, namespace, parts];
  }

  /** Each part when the one before is ready, and in a part the Jobs before the Deployments. */
  async deploy(onReady: (part: string) => void): Promise<void> {
    await this.#apply(this.#namespace);
    for (const [place, part] of this.#parts.entries()) {
      const awaited = [];
      for (const object of part) {
        const applied = await this.#apply(object);
        if (object.kind === "Job") await this.#ready(applied);
        else awaited.push(applied);
      }
      await Promise.all(awaited.map((applied) => this.#ready(applied)));
      onReady(sequence[place]!.applications[0]!);
    }
  }

  /** Deletes everything, and waits until it is gone. */
  async delete(): Promise<void> {
    const ofTheCluster = this.#parts.flat().filter(({ metadata }) => !metadata.namespace);
    for (const object of [this.#namespace, ...ofTheCluster] as unknown as JsonObject[]) {
      await this.#client.delete(object, "Foreground");
      while (await this.#client.get(object)) await sleep(250);
    }
  }

  #apply(object: KubernetesObject): Promise<JsonObject> {
    return this.#client.apply(object as unknown as JsonObject);
  }

  async #ready(applied: JsonObject): Promise<void> {
    const work = { wait: () => {}, signal: new AbortController().signal };
    await awaitReady(this.#client, applied, 300, work);
  }
}

/** A live object without what the cluster has added to it. */
function asApplied(live: KubernetesObject): KubernetesObject {
  const { name, namespace, labels } = live.metadata;
  const { status: _, ...object } = structuredClone(live) as KubernetesObject & { status?: unknown };
  const { spec } = object;
  for (const key of ["clusterIP", "clusterIPs", "volumeName"])
    if (spec?.[key] !== "None") delete spec?.[key];
  if (object.kind === "Job") {
    delete spec!["selector"];
    const { labels } = spec!.template!.metadata!;
    for (const key in labels) if (/(^|\/)(controller-uid|job-name)$/.test(key)) delete labels[key];
  }
  return {
    ...object,
    metadata: { name, ...(namespace && { namespace }), ...(labels && { labels }) },
  };
}

function withProbe(object: KubernetesObject, [first, every]: [number, number]): KubernetesObject {
  for (const container of object.spec?.template?.spec.containers ?? []) {
    delete container.startupProbe;
    if (!container.readinessProbe) continue;
    const timing = { initialDelaySeconds: first, periodSeconds: every };
    container.readinessProbe = { ...container.readinessProbe, ...timing };
  }
  return object;
}
