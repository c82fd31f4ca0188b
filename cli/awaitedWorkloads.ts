import { setTimeout as delay } from "node:timers/promises";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import type { KubernetesClient } from "../local/support/kubernetesClient.ts";
import { claimTrouble, type Trouble, troubleOf, troubleText } from "../local/support/podTrouble.ts";
import { type JsonObject, objectAt, textAt } from "../local/support/propertyValues.ts";
import { lackOf, lastingFor, patienceMs } from "../local/support/readiness.ts";

const releaseType = "kubernetes:helm.sh/v3:Release";
const workloadKinds = ["deployments", "statefulsets", "daemonsets"];

/**
 * What the Pulumi CLI waits for in a cluster, by the events of its engine. The Kubernetes provider waits ten minutes
 * for a pod that no quota, node or registry will ever let run, and does not always say why.
 */
export class AwaitedWorkloads {
  readonly #client: KubernetesClient;
  readonly #times: { readonly lookEveryMs: number; readonly patienceMs: number };
  readonly #awaited = new Map<string, Awaited>();

  constructor(client: KubernetesClient, times = { lookEveryMs: 3_000, patienceMs }) {
    this.#client = client;
    this.#times = times;
  }

  onEvent({ resourcePreEvent, resOutputsEvent, resOpFailedEvent }: EngineEvent): void {
    if (resourcePreEvent) {
      const { op, urn, type, new: next } = resourcePreEvent.metadata;
      const isAwaited = /^(create|update|create-replacement)$/.test(op) && isWatched(type);
      if (isAwaited && next) {
        const inputs = next.inputs as JsonObject;
        this.#awaited.set(urn, { type, inputs, isStuck: lastingFor(this.#times.patienceMs) });
      }
    }
    const ended = (resOutputsEvent ?? resOpFailedEvent)?.metadata.urn;
    if (ended !== undefined) this.#awaited.delete(ended);
  }

  /** Waits until a workload can never become ready, and returns which and why; returns undefined when `isOver`. */
  async firstLost(isOver: AbortSignal): Promise<string | undefined> {
    while (!isOver.aborted) {
      await delay(this.#times.lookEveryMs, undefined, { signal: isOver }).catch(() => {});
      for (const awaited of this.#awaited.values()) {
        // the CLI reports a cluster that does not answer
        const lost = await this.#lossOf(awaited).catch(() => undefined);
        if (lost !== undefined) return lost;
      }
    }
    return undefined;
  }

  async #lossOf({ type, inputs, isStuck }: Awaited): Promise<string | undefined> {
    const troubles: { name: string; trouble: Trouble }[] = [];
    for (const live of await this.#objectsOf(type, inputs)) {
      const trouble = isClaim(live)
        ? await claimTrouble(this.#client, live)
        : lackOf(live) && (await troubleOf(this.#client, live, false));
      const name = `${textAt(live, "kind")} ${textAt(live, "metadata", "name")}`;
      if (trouble) troubles.push({ name, trouble });
    }
    const lasting = troubles.find(({ trouble }) => trouble.isLasting);
    if (!isStuck(lasting?.trouble) || !lasting) return undefined;
    return `${lasting.name} cannot become ready: ${troubleText(lasting.trouble)}`;
  }

  /** The object itself, or the workloads of a Helm release. */
  async #objectsOf(type: string, inputs: JsonObject): Promise<JsonObject[]> {
    if (type !== releaseType) {
      const live = await this.#client.get(inputs);
      return live ? [live] : [];
    }
    const [name, namespace] = [textAt(inputs, "name"), textAt(inputs, "namespace")];
    const lists = await Promise.all(
      workloadKinds.map((kind) =>
        this.#client.request("GET", `/apis/apps/v1/namespaces/${namespace}/${kind}`),
      ),
    );
    return lists
      .flatMap(({ kind, items }) =>
        // the items of a list do not name their kind
        (items as JsonObject[]).map((item) => ({
          ...item,
          kind: String(kind).replace("List", ""),
        })),
      )
      .filter((item) => {
        const annotations = objectAt(item, "metadata", "annotations");
        return annotations["meta.helm.sh/release-name"] === name;
      });
  }
}

interface Awaited {
  readonly type: string;
  readonly inputs: JsonObject;
  readonly isStuck: (trouble: Trouble | undefined) => boolean;
}

const isWatched = (type: string) =>
  type === releaseType ||
  /^kubernetes:(apps\/v1:(Deployment|StatefulSet|DaemonSet)|batch\/v1:Job|core\/v1:PersistentVolumeClaim)$/.test(
    type,
  );

const isClaim = (live: JsonObject) => textAt(live, "kind") === "PersistentVolumeClaim";
