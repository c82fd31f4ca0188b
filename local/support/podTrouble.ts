import type { KubernetesClient } from "./kubernetesClient.ts";
import { type JsonObject, objectAt, textAt } from "./propertyValues.ts";

const logLines = 12;

/** What keeps the pods of a workload from being ready, in words, with the last log lines on request. */
export async function troubleOf(
  client: KubernetesClient,
  workload: JsonObject,
  withLogs: boolean,
): Promise<string | undefined> {
  const namespace = textAt(workload, "metadata", "namespace") ?? "default";
  const labels = objectAt(workload, "spec", "selector", "matchLabels");
  const selector = Object.entries(labels).map(([key, value]) => `${key}=${String(value)}`);
  const query = `labelSelector=${encodeURIComponent(selector.join(","))}`;
  const lastLines = (log: string, pod: string) => client.logs(namespace, pod, log).catch(() => "");
  try {
    const list = await client.request("GET", `/api/v1/namespaces/${namespace}/pods?${query}`);
    const pods = listAt(list, "items");
    for (const pod of pods.sort(newestFirst)) {
      const found = podTrouble(pod);
      if (!found) continue;
      const name = textAt(pod, "metadata", "name") ?? "";
      const log = withLogs && found.log ? await lastLines(found.log, name) : "";
      const lines = log.split("\n").filter(Boolean);
      const told = lines.length > 0 ? `; its last lines:\n    ${lines.join("\n    ")}` : "";
      return `pod ${name}: ${found.text}${told}`;
    }
    return pods.length === 0 ? await refusal(client, workload) : undefined;
  } catch {
    return undefined; // the explanation is a courtesy: not having one must not hide the failure
  }
}

interface Trouble {
  text: string;
  /** Where the log of the container, or of its previous attempt, tells more. */
  log?: string;
}

function podTrouble(pod: JsonObject): Trouble | undefined {
  const status = objectAt(pod, "status");
  const scheduled = listAt(status, "conditions").find((one) => one["type"] === "PodScheduled");
  if (scheduled?.["status"] === "False")
    return { text: `${String(scheduled["reason"])}: ${String(scheduled["message"])}` };
  const kinds = ["initContainerStatuses", "containerStatuses"];
  const containers = kinds.flatMap((key) => listAt(status, key));
  return containers.map(containerTrouble).find((trouble) => trouble !== undefined);
}

function containerTrouble(container: JsonObject): Trouble | undefined {
  const name = String(container["name"]);
  const log = `container=${name}&tailLines=${logLines}`;
  const waiting = objectAt(container, "state", "waiting");
  const ended = objectAt(container, "state", "terminated");
  const before = objectAt(container, "lastState", "terminated");
  if (waiting["reason"] !== undefined && waiting["reason"] !== "PodInitializing") {
    const text = [waiting["reason"], waiting["message"]].filter(Boolean).join(": ");
    return before["exitCode"] === undefined ? { text } : { text, log: `${log}&previous=true` };
  }
  if (ended["exitCode"] !== undefined && ended["exitCode"] !== 0)
    return { text: `${name} ended with ${exitOf(ended)}`, log };
  if (objectAt(container, "state", "running")["startedAt"] && container["ready"] === false) {
    const restarts = Number(container["restartCount"] ?? 0);
    const history = restarts > 0 ? `, restarted ${restarts} times (${exitOf(before)})` : "";
    return { text: `${name} runs but is not ready${history}`, log };
  }
  return undefined;
}

function exitOf(ended: JsonObject): string {
  return [`exit code ${String(ended["exitCode"])}`, ended["reason"]].filter(Boolean).join(", ");
}

/** Why no pod could be created at all, e.g. a quota or Pod Security. */
async function refusal(
  client: KubernetesClient,
  workload: JsonObject,
): Promise<string | undefined> {
  const { namespace, uid } = objectAt(workload, "metadata") as { [key: string]: string };
  const path = `/api/v1/namespaces/${namespace}/events?fieldSelector=involvedObject.uid=${uid}`;
  const events = listAt(await client.request("GET", path), "items");
  return textAt(
    events.findLast((event) => event["type"] === "Warning"),
    "message",
  );
}

function newestFirst(one: JsonObject, other: JsonObject): number {
  const created = (pod: JsonObject) => textAt(pod, "metadata", "creationTimestamp") ?? "";
  return created(other).localeCompare(created(one));
}

function listAt(object: JsonObject, key: string): JsonObject[] {
  return (object[key] ?? []) as JsonObject[];
}
