import { quantity } from "../../components/cost/inputs.ts";
import type { KubernetesClient } from "./kubernetesClient.ts";
import { type JsonObject, objectAt, textAt } from "./propertyValues.ts";

export type Amounts = Record<string, number>;
type Section = "requests" | "limits";

/** What the scheduler and a quota count for a pod: containers and sidecars together, or the largest init container. */
export function podAmounts(spec: JsonObject, section: Section = "requests"): Amounts {
  const inits = containersOf(spec, "initContainers");
  const isSidecar = (one: JsonObject) => one["restartPolicy"] === "Always";
  const amounts = [...containersOf(spec, "containers"), ...inits.filter(isSidecar)]
    .map((one) => amountsOf(objectAt(one, "resources", section)))
    .reduce(sumOf, amountsOf(objectAt(spec, "overhead")));
  for (const init of inits.filter((one) => !isSidecar(one))) {
    const needed = Object.entries(amountsOf(objectAt(init, "resources", section)));
    for (const [name, value] of needed) amounts[name] = Math.max(amounts[name] ?? 0, value);
  }
  return amounts;
}

export const containersOf = (spec: JsonObject, key: "containers" | "initContainers") =>
  (spec[key] ?? []) as JsonObject[];

export function amountsOf(quantities: JsonObject): Amounts {
  return Object.fromEntries(
    Object.entries(quantities).map(([name, value]) => [name, quantity(value) ?? 0]),
  );
}

export function sumOf(one: Amounts, other: Amounts): Amounts {
  const sum = { ...one };
  for (const [name, value] of Object.entries(other)) sum[name] = (sum[name] ?? 0) + value;
  return sum;
}

/** Why no node has room for a pod. */
export interface Shortage {
  /** How much of which resource is missing, on the node with the most of it. */
  readonly text: string;
  /** Whether something is about to change: a pod is stopping, or the cluster may add a node. */
  readonly mayPass: boolean;
}

/** What an unscheduled pod lacks; undefined where the user may not list the nodes and all their pods. */
export async function shortageOf(
  client: KubernetesClient,
  pod: JsonObject,
): Promise<Shortage | undefined> {
  const [nodes, pods] = await Promise.all([
    list(client, "/api/v1/nodes"),
    list(client, "/api/v1/pods?fieldSelector=status.phase!=Failed,status.phase!=Succeeded"),
  ]);
  const free = nodes.map((node) => ({
    name: textAt(node, "metadata", "name"),
    ...roomOn(node, pods),
  }));
  const texts = Object.entries(podAmounts(objectAt(pod, "spec"))).flatMap(([resource, wanted]) => {
    if (free.some(({ room }) => (room[resource] ?? 0) >= wanted)) return [];
    const best = free.reduce((one, other) =>
      (other.room[resource] ?? 0) > (one.room[resource] ?? 0) ? other : one,
    );
    const shown = (value: number) => quantityText(resource, value);
    const [room, all] = [best.room[resource] ?? 0, best.all[resource] ?? 0];
    return `it requests ${shown(wanted)} of ${resource}, and ${best.name} has ${shown(Math.max(room, 0))} of ${shown(all)} free: ${shown(wanted - Math.max(room, 0))} are missing`;
  });
  const isStopping = pods.some((one) => textAt(one, "metadata", "deletionTimestamp") !== undefined);
  const isScaled = nodes.some((node) =>
    /^(gce|aws|azure):/.test(textAt(node, "spec", "providerID") ?? ""),
  );
  return { text: texts.join("; "), mayPass: nodes.length === 0 || isStopping || isScaled };
}

function roomOn(node: JsonObject, pods: JsonObject[]): { room: Amounts; all: Amounts } {
  const all = amountsOf(objectAt(node, "status", "allocatable"));
  const name = textAt(node, "metadata", "name");
  const room = { ...all };
  const here = pods.filter((pod) => textAt(pod, "spec", "nodeName") === name);
  for (const [resource, used] of Object.entries(
    here.map((pod) => podAmounts(objectAt(pod, "spec"))).reduce(sumOf, {}),
  )) {
    room[resource] = (room[resource] ?? 0) - used;
  }
  return { room, all };
}

export async function list(client: KubernetesClient, path: string): Promise<JsonObject[]> {
  return ((await client.request("GET", path))["items"] ?? []) as JsonObject[];
}

/** A number in the unit in which people read the resource: `1.5` CPUs, `300Mi` of memory. */
export function quantityText(resource: string, value: number): string {
  const rounded = (number: number) => String(Number(number.toFixed(number < 10 ? 2 : 0)));
  if (!/memory|storage/.test(resource)) return rounded(value);
  return value < 2 ** 30 ? `${rounded(value / 2 ** 20)}Mi` : `${rounded(value / 2 ** 30)}Gi`;
}
