import { ApiError } from "./apiServer.ts";
import type { KubernetesClient } from "./kubernetesClient.ts";
import { containersOf, list, shortageOf } from "./podResources.ts";
import { type JsonObject, objectAt, textAt } from "./propertyValues.ts";

const logLines = 12;

/** The kind of problem that keeps pods from being ready. */
export type TroubleKind =
  /** A quota, a limit range, Pod Security or a webhook refuses the pods. */
  | ("quota" | "limit-range" | "pod-security" | "refused")
  /** No node takes them: no room, a taken port, or no node that fits. */
  | ("resources" | "host-port" | "node")
  | "claim"
  | "image"
  /** A Secret or ConfigMap that they refer to. */
  | "configuration"
  | "crash"
  | "not-ready";

/** What keeps a workload from being ready. */
export interface Trouble {
  readonly kind: TroubleKind;
  /** As text, with the name of the pod. */
  readonly text: string;
  /** Whether it stays until a person changes something. */
  readonly isLasting: boolean;
  /** Last lines of the container's log, on request. */
  readonly log?: string;
}

/** What keeps the pods of a workload from being ready. It is optional: without it the failure is still reported. */
export async function troubleOf(
  client: KubernetesClient,
  workload: JsonObject,
  withLogs: boolean,
): Promise<Trouble | undefined> {
  const namespace = textAt(workload, "metadata", "namespace") ?? "default";
  const labels = objectAt(workload, "spec", "selector", "matchLabels");
  const selector = Object.entries(labels).map(([key, value]) => `${key}=${String(value)}`);
  const query = `labelSelector=${encodeURIComponent(selector.join(","))}`;
  try {
    const pods = await list(client, `/api/v1/namespaces/${namespace}/pods?${query}`);
    for (const pod of pods.sort(newestFirst)) {
      const found = await podTrouble(client, pod);
      if (!found) continue;
      const name = textAt(pod, "metadata", "name") ?? "";
      const { logQuery, text, ...trouble } = found;
      const mayBeRefused = found.kind === "crash" && claimsOf(pod).length > 0;
      const log =
        logQuery && (withLogs || mayBeRefused)
          ? await client.logs(namespace, name, logQuery).catch(() => "")
          : "";
      const refused = mayBeRefused ? refusedVolume(pod, log) : undefined;
      const lines = withLogs ? log.split("\n").filter(Boolean).join("\n    ") : "";
      return {
        ...trouble,
        text: `pod ${name}: ${[text, refused].filter(Boolean).join("; ")}`,
        ...(refused && { kind: "claim", isLasting: true }),
        ...(lines && { log: lines }),
      };
    }
    return await refusal(client, workload, pods.length);
  } catch {
    return undefined;
  }
}

/** The trouble as text, with the last lines of the log where there are any. */
export const troubleText = ({ text, log }: Trouble): string =>
  log === undefined ? text : `${text}; its last lines:\n    ${log}`;

interface PodTrouble extends Omit<Trouble, "log"> {
  /** Where the log of the container, or of its previous attempt, says more. */
  readonly logQuery?: string;
}

async function podTrouble(
  client: KubernetesClient,
  pod: JsonObject,
): Promise<PodTrouble | undefined> {
  const status = objectAt(pod, "status");
  const scheduled = listAt(status, "conditions").find((one) => one["type"] === "PodScheduled");
  if (scheduled?.["status"] === "False") return await unscheduled(client, pod, scheduled);
  const kinds = ["initContainerStatuses", "containerStatuses"];
  const containers = kinds.flatMap((key) => listAt(status, key));
  const trouble = containers.map(containerTrouble).find((one) => one !== undefined);
  return trouble ?? (containers.some(isCreating) ? await uncreated(client, pod) : undefined);
}

const isCreating = (container: JsonObject) =>
  textAt(container, "state", "waiting", "reason") === "ContainerCreating";

/** Why a pod that has a node does not start there, which only its events say. */
async function uncreated(
  client: KubernetesClient,
  pod: JsonObject,
): Promise<PodTrouble | undefined> {
  const failed = (await eventsOf(client, pod)).findLast(({ reason }) =>
    /^Failed(CreatePodSandBox|CreatePodContainer|Mount|AttachVolume)$/.test(String(reason)),
  );
  if (failed === undefined) return undefined;
  const { reason, message } = failed;
  const kind = /Mount|Volume/.test(String(reason)) ? "configuration" : "node";
  return { kind, text: `${String(reason)}: ${String(message)}`, isLasting: false };
}

/** A node that has just been added, or is restarting, is not ready for a while only. */
const passingNode =
  /node\.kubernetes\.io\/(not-ready|unreachable)|node\.cloudprovider\.kubernetes\.io/;

async function unscheduled(
  client: KubernetesClient,
  pod: JsonObject,
  condition: JsonObject,
): Promise<PodTrouble> {
  const message = String(condition["message"]);
  const text = `${String(condition["reason"])}: ${message}`;
  if (/persistentvolumeclaim/i.test(message)) {
    const claims = await Promise.all(claimsOf(pod).map((claim) => claimTrouble(client, claim)));
    const found = claims.find((trouble) => trouble !== undefined);
    return found
      ? { ...found, text: `${text}; ${found.text}` }
      : { kind: "claim", text, isLasting: false };
  }
  const kind = /free ports/.test(message)
    ? "host-port"
    : /Insufficient/.test(message)
      ? "resources"
      : "node";
  const shortage = await shortageOf(client, pod).catch(() => undefined);
  const isScalingUp = await hasEvent(client, pod, /^(TriggeredScaleUp|Nominated)$/);
  const isRefusedNode = await hasEvent(client, pod, /^NotTriggerScaleUp$/);
  const mayPass =
    isScalingUp || passingNode.test(message) || (shortage?.mayPass === true && !isRefusedNode);
  const ports = kind === "host-port" ? hostPorts(pod) : undefined;
  return {
    kind,
    text: [text, ports ?? (kind === "resources" && shortage?.text)].filter(Boolean).join("; "),
    isLasting: !mayPass,
  };
}

function hostPorts(pod: JsonObject): string {
  const ports = containersOf(objectAt(pod, "spec"), "containers")
    .flatMap((container) => listAt(container, "ports"))
    .flatMap(({ hostPort }) => (hostPort === undefined ? [] : String(hostPort)));
  return `it needs port ${ports.join(" and ")} of the node, which another pod has`;
}

/** The log line about a volume that a pod may not use, which no restart fixes. */
function refusedVolume(pod: JsonObject, log: string): string | undefined {
  const denied = /(permission denied|operation not permitted)/i;
  const path = /\s["'`]?\/\w/;
  const line = log.split("\n").find((one) => denied.test(one) && path.test(one));
  if (line === undefined) return undefined;
  const names = claimsOf(pod).map(({ metadata }) => textAt(metadata as JsonObject, "name"));
  return `it may not use the volume of the claim ${names.join(" or ")}, which belongs to another user: ${line.trim()}. Use a storage class whose volumes take the pod's fsGroup, or change the owner of the folder`;
}

function claimsOf(pod: JsonObject): JsonObject[] {
  const { namespace = "default" } = objectAt(pod, "metadata");
  return listAt(objectAt(pod, "spec"), "volumes")
    .map((volume) => textAt(volume, "persistentVolumeClaim", "claimName"))
    .filter((name) => name !== undefined)
    .map((name) => ({ metadata: { name, namespace } }));
}

/** Why a claim has no volume; nothing where it has one, or where it only waits for its first pod. */
export async function claimTrouble(
  client: KubernetesClient,
  { metadata }: JsonObject,
): Promise<Trouble | undefined> {
  const { name, namespace } = metadata as { name: string; namespace: string };
  const path = `/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`;
  const trouble = (why: string, isLasting: boolean): Trouble => ({
    kind: "claim",
    text: `the claim ${name} ${why}`,
    isLasting,
  });
  const claim = await found(client, path);
  if (!claim) return trouble("does not exist", true);
  if (textAt(claim, "status", "phase") === "Bound") return undefined;
  const className = textAt(claim, "spec", "storageClassName");
  if (!className) return trouble("has no storage class, and the cluster has no default one", true);
  const storageClass = await found(client, `/apis/storage.k8s.io/v1/storageclasses/${className}`);
  if (!storageClass)
    return trouble(`needs the storage class ${className}, which does not exist`, true);
  const events = await eventsOf(client, claim);
  const failed = events.findLast(({ type }) => type === "Warning");
  return failed && trouble(`has no volume: ${textAt(failed, "message")}`, false);
}

/** Temporary errors on the way to a registry. */
const passingPull =
  /timeout|timed out|deadline|EOF|connection reset|TLS handshake|toomanyrequests|\b(429|5\d\d)\b/i;

function containerTrouble(container: JsonObject): PodTrouble | undefined {
  const name = String(container["name"]);
  const log = `container=${name}&tailLines=${logLines}`;
  const waiting = objectAt(container, "state", "waiting");
  const ended = objectAt(container, "state", "terminated");
  const before = objectAt(container, "lastState", "terminated");
  const { reason } = waiting;
  if (reason !== undefined && reason !== "PodInitializing" && reason !== "ContainerCreating") {
    const text = [reason, waiting["message"]].filter(Boolean).join(": ");
    const kind = kindOfWaiting(String(reason));
    const isLasting = kind === "image" && !passingPull.test(text);
    const logQuery = before["exitCode"] === undefined ? {} : { logQuery: `${log}&previous=true` };
    return { kind, text, isLasting, ...logQuery };
  }
  if (ended["exitCode"] !== undefined && ended["exitCode"] !== 0)
    return {
      kind: "crash",
      text: `${name} ended with ${exitOf(ended)}`,
      isLasting: false,
      logQuery: log,
    };
  if (objectAt(container, "state", "running")["startedAt"] && container["ready"] === false) {
    const restarts = Number(container["restartCount"] ?? 0);
    const history = restarts > 0 ? `, restarted ${restarts} times (${exitOf(before)})` : "";
    const text = `${name} runs but is not ready${history}`;
    const logQuery = restarts > 0 ? `${log}&previous=true` : log;
    return { kind: restarts > 0 ? "crash" : "not-ready", text, isLasting: false, logQuery };
  }
  return undefined;
}

function kindOfWaiting(reason: string): TroubleKind {
  if (/Image/.test(reason)) return "image";
  return /^Create/.test(reason) ? "configuration" : "crash";
}

function exitOf(ended: JsonObject): string {
  return [`exit code ${String(ended["exitCode"])}`, ended["reason"]].filter(Boolean).join(", ");
}

const refusals: readonly [pattern: RegExp, kind: TroubleKind][] = [
  [/exceeded quota|failed quota/, "quota"],
  [/(maximum|minimum) (cpu|memory|\S+) (usage|limit)|limit to request ratio/, "limit-range"],
  [/violates PodSecurity/, "pod-security"],
];

/** Why pods could not be created at all. */
async function refusal(
  client: KubernetesClient,
  workload: JsonObject,
  pods: number,
): Promise<Trouble | undefined> {
  // a Deployment has no event of its own: its ReplicaSet is refused
  const failure = listAt(objectAt(workload, "status"), "conditions").find(
    ({ type, status }) => type === "ReplicaFailure" && status === "True",
  );
  // events stay for an hour: they are outdated once there are pods
  if (!failure && pods > 0) return undefined;
  const events = failure ? [failure] : await eventsOf(client, workload);
  const text = textAt(
    events.findLast(({ type }) => type !== "Normal"),
    "message",
  );
  if (text === undefined) return undefined;
  const [, kind = "refused"] = refusals.find(([pattern]) => pattern.test(text)) ?? [];
  // the ServiceAccount may be made a moment later
  const isLasting = /forbidden|denied the request/.test(text) && !/service account/.test(text);
  return { kind, text, isLasting };
}

async function eventsOf(client: KubernetesClient, object: JsonObject): Promise<JsonObject[]> {
  const { namespace, uid } = objectAt(object, "metadata") as { [key: string]: string };
  const path = `/api/v1/namespaces/${namespace}/events?fieldSelector=involvedObject.uid=${uid}`;
  return await list(client, path);
}

const hasEvent = async (client: KubernetesClient, object: JsonObject, reason: RegExp) =>
  (await eventsOf(client, object).catch(() => [])).some((event) =>
    reason.test(textAt(event, "reason") ?? ""),
  );

async function found(client: KubernetesClient, path: string): Promise<JsonObject | undefined> {
  try {
    return await client.request("GET", path);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

function newestFirst(one: JsonObject, other: JsonObject): number {
  const created = (pod: JsonObject) => textAt(pod, "metadata", "creationTimestamp") ?? "";
  return created(other).localeCompare(created(one));
}

function listAt(object: JsonObject, key: string): JsonObject[] {
  return (object[key] ?? []) as JsonObject[];
}
