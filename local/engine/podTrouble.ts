import type { KubernetesClient } from "./kubernetesClient.ts";
import { objectAt, textAt } from "./propertyValues.ts";
import type { JsonObject } from "./propertyValues.ts";

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
  try {
    const list = await client.request("GET", `/api/v1/namespaces/${namespace}/pods?${query}`);
    const pods = listAt(list, "items");
    for (const pod of pods.sort(newestFirst)) {
      const found = podTrouble(pod);
      if (!found) continue;
      const name = textAt(pod, "metadata", "name") ?? "";
      const logs =
        withLogs && found.container ? await lastLines(client, namespace, name, found) : "";
      return `pod ${name}: ${found.text}${logs}`;
    }
    return pods.length === 0 ? await refusal(client, namespace, workload) : undefined;
  } catch {
    return undefined; // the explanation is a courtesy: not having one must not hide the failure
  }
}

interface Trouble {
  text: string;
  /** The container whose log tells more. */
  container?: string;
  /** Its log is that of the previous attempt. */
  previous?: boolean;
}

function podTrouble(pod: JsonObject): Trouble | undefined {
  const status = objectAt(pod, "status");
  const scheduled = listAt(status, "conditions").find((one) => one["type"] === "PodScheduled");
  if (scheduled?.["status"] === "False")
    return { text: `${String(scheduled["reason"])}: ${String(scheduled["message"])}` };
  const containers = [
    ...listAt(status, "initContainerStatuses"),
    ...listAt(status, "containerStatuses"),
  ];
  return containers.map(containerTrouble).find((trouble) => trouble !== undefined);
}

function containerTrouble(container: JsonObject): Trouble | undefined {
  const name = String(container["name"]);
  const waiting = objectAt(container, "state", "waiting");
  const ended = objectAt(container, "state", "terminated");
  const before = objectAt(container, "lastState", "terminated");
  if (waiting["reason"] !== undefined && waiting["reason"] !== "PodInitializing") {
    const message = [waiting["reason"], waiting["message"]].filter(Boolean).join(": ");
    const hasRun = before["exitCode"] !== undefined;
    return { text: message, container: hasRun ? name : undefined, previous: hasRun };
  }
  if (ended["exitCode"] !== undefined && ended["exitCode"] !== 0)
    return { text: `${name} ended with ${exitOf(ended)}`, container: name };
  if (objectAt(container, "state", "running")["startedAt"] && container["ready"] === false) {
    const restarts = Number(container["restartCount"] ?? 0);
    const history = restarts > 0 ? `, restarted ${restarts} times (${exitOf(before)})` : "";
    return { text: `${name} runs but is not ready${history}`, container: name };
  }
  return undefined;
}

function exitOf(ended: JsonObject): string {
  return [`exit code ${String(ended["exitCode"])}`, ended["reason"]].filter(Boolean).join(", ");
}

async function lastLines(
  client: KubernetesClient,
  namespace: string,
  pod: string,
  { container, previous }: Trouble,
): Promise<string> {
  const query = `container=${container}&tailLines=${logLines}${previous ? "&previous=true" : ""}`;
  const text = await client.logs(namespace, pod, query).catch(() => "");
  const lines = text.trimEnd().split("\n").filter(Boolean);
  return lines.length > 0
    ? `; its last lines:\n${lines.map((line) => `    ${line}`).join("\n")}`
    : "";
}

/** Why no pod could be made at all, e.g. a quota or Pod Security. */
async function refusal(
  client: KubernetesClient,
  namespace: string,
  workload: JsonObject,
): Promise<string | undefined> {
  const failure = listAt(objectAt(workload, "status"), "conditions").find(
    (one) => one["type"] === "ReplicaFailure" && one["status"] === "True",
  );
  if (failure) return String(failure["message"]);
  const uid = textAt(workload, "metadata", "uid");
  const path = `/api/v1/namespaces/${namespace}/events?fieldSelector=involvedObject.uid=${uid}`;
  const events = listAt(await client.request("GET", path), "items");
  const warning = events.filter((event) => event["type"] === "Warning").at(-1);
  return warning ? String(warning["message"]) : undefined;
}

function newestFirst(one: JsonObject, other: JsonObject): number {
  const created = (pod: JsonObject) => textAt(pod, "metadata", "creationTimestamp") ?? "";
  return created(other).localeCompare(created(one));
}

function listAt(object: JsonObject, key: string): JsonObject[] {
  return (object[key] ?? []) as JsonObject[];
}
