import { UserError } from "./errors.ts";
import { pause, type Work } from "./interruption.ts";
import type { KubernetesClient } from "./kubernetesClient.ts";
import { type Trouble, troubleOf, troubleText } from "./podTrouble.ts";
import { type JsonObject, objectAt, textAt } from "./propertyValues.ts";

/** What is still missing, as text; undefined when the object is ready. */
type Check = (spec: JsonObject, status: JsonObject) => string | undefined;

const checks: Record<string, Check> = {
  Deployment: (spec, status) =>
    behind("updated", status["updatedReplicas"], spec["replicas"]) ??
    (numberOf(status["replicas"]) > numberOf(status["updatedReplicas"])
      ? "old pods are stopping"
      : behind("available", status["availableReplicas"], spec["replicas"])),
  StatefulSet: (spec, status) =>
    (objectAt(spec, "updateStrategy")["type"] === "OnDelete"
      ? undefined
      : behind("updated", updatedPods(status), spec["replicas"])) ??
    behind("ready", status["readyReplicas"], spec["replicas"]),
  DaemonSet: (_spec, status) =>
    behind("updated", status["updatedNumberScheduled"], status["desiredNumberScheduled"]) ??
    behind("available", status["numberAvailable"], status["desiredNumberScheduled"]),
  Job: (spec, status) => {
    if (spec["suspend"] === true || isTrue(status, "Complete")) return undefined;
    return `${numberOf(status["succeeded"])} of ${numberOf(spec["completions"], 1)} pods done`;
  },
};

/** Why a Job can no longer succeed, or undefined. */
export function jobFailure(live: JsonObject): string | undefined {
  if (textAt(live, "kind") !== "Job") return undefined;
  const failed = condition(objectAt(live, "status"), "Failed");
  if (failed?.["status"] !== "True") return undefined;
  return [failed["reason"], failed["message"]].filter(Boolean).join(": ");
}

/** What a workload still lacks, as text; undefined when it is ready, and for other kinds. */
export function lackOf(live: JsonObject): string | undefined {
  const check = checks[textAt(live, "kind") ?? ""];
  return check && missingOf(live, check);
}

/** Waits until the workload is ready or complete; other kinds are ready at once. */
export async function awaitReady(
  client: KubernetesClient,
  applied: JsonObject,
  seconds: number,
  work: Work,
): Promise<JsonObject> {
  const check = checks[textAt(applied, "kind") ?? ""];
  if (!check) return applied;
  const name = `${textAt(applied, "kind")} ${textAt(applied, "metadata", "name")}`;
  const started = Date.now();
  const isStuck = lastingFor(patienceMs);
  // Kubernetes keeps reporting this until a rollout succeeds, even after a fix
  const gaveUpBefore = givenUp(applied)?.["lastUpdateTime"];
  let lastLook = started;
  let trouble: Trouble | undefined;
  for (let live = applied; ;) {
    const missing = missingOf(live, check);
    if (missing === undefined) return live;
    const elapsed = Date.now() - started;
    const final = finalFailure(live, gaveUpBefore);
    if (final !== undefined || isStuck(trouble) || elapsed > seconds * 1000) {
      trouble = (await troubleOf(client, live, true)) ?? trouble;
      const reason = [final ?? missing, trouble && troubleText(trouble)].filter(Boolean).join("; ");
      const isLate = elapsed > seconds * 1000;
      const when = final
        ? "failed"
        : isLate
          ? `is not ready after ${seconds} s`
          : "cannot become ready";
      throw new UserError(`${name} ${when}: ${reason}`);
    }
    if (Date.now() - lastLook > 3_000) {
      // The pods of a Job may be gone by the time it has failed, and their logs with them.
      trouble = await troubleOf(client, live, textAt(live, "kind") === "Job");
      lastLook = Date.now();
    }
    work.wait([missing, trouble?.text].filter(Boolean).join("; "));
    await pause(elapsed < 60_000 ? 250 : 1_000, work.signal);
    const next = await client.get(applied);
    if (!next) throw new UserError(`${name} was deleted by another process while it was awaited`);
    live = next;
  }
}

/** How long a lasting trouble must be seen before it counts. */
export const patienceMs = 12_000;

/** Called at each poll: whether there have been lasting troubles for that long. */
export function lastingFor(milliseconds: number): (trouble: Trouble | undefined) => boolean {
  let since: number | undefined;
  return (trouble) => {
    since = trouble?.isLasting === true ? (since ?? Date.now()) : undefined;
    return since !== undefined && Date.now() - since >= milliseconds;
  };
}

function missingOf(live: JsonObject, check: Check): string | undefined {
  const status = objectAt(live, "status");
  const observed = numberOf(status["observedGeneration"]);
  const isCounted = textAt(live, "kind") !== "Job";
  if (isCounted && observed < numberOf(objectAt(live, "metadata")["generation"]))
    return "not seen by its controller yet";
  return check(objectAt(live, "spec"), status);
}

/** Failures that waiting cannot fix. */
function finalFailure(live: JsonObject, gaveUpBefore: unknown): string | undefined {
  const rollout = givenUp(live);
  return rollout && rollout["lastUpdateTime"] !== gaveUpBefore
    ? String(rollout["message"])
    : jobFailure(live);
}

/** The condition of a rollout that Kubernetes has given up on. */
function givenUp(live: JsonObject): JsonObject | undefined {
  const progressing = condition(objectAt(live, "status"), "Progressing");
  return progressing?.["reason"] === "ProgressDeadlineExceeded" ? progressing : undefined;
}

function behind(what: string, have: unknown, want: unknown): string | undefined {
  const wanted = numberOf(want, 1);
  return numberOf(have) < wanted ? `${numberOf(have)} of ${wanted} pods ${what}` : undefined;
}

/** A StatefulSet that never changed has no updated pods to count. */
function updatedPods(status: JsonObject): unknown {
  return status["currentRevision"] === status["updateRevision"]
    ? Number.MAX_SAFE_INTEGER
    : status["updatedReplicas"];
}

function condition(status: JsonObject, type: string): JsonObject | undefined {
  return ((status["conditions"] ?? []) as JsonObject[]).find((one) => one["type"] === type);
}

function isTrue(status: JsonObject, type: string): boolean {
  return condition(status, type)?.["status"] === "True";
}

function numberOf(value: unknown, otherwise = 0): number {
  return typeof value === "number" ? value : otherwise;
}
