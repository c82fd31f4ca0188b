import { parseAllDocuments } from "yaml";
import { pause } from "./handler.ts";
import type { Work } from "./handler.ts";
import type { Helm } from "./helmCommand.ts";
import type { KubernetesClient } from "./kubernetesClient.ts";
import { troubleOf } from "./pods.ts";
import { awaitReady, lackOf } from "./readiness.ts";
import type { ResourceState } from "./state.ts";
import { isObject, objectAt, textAt } from "./values.ts";
import type { JsonObject } from "./values.ts";

const lookEvery = 4_000;

/** Waits for helm, and says meanwhile what helm waits for. */
export async function watched(
  helm: Promise<unknown>,
  lack: () => Promise<string | undefined>,
  work: Work,
): Promise<void> {
  const over = new AbortController();
  const looking = (async () => {
    for (;;) {
      await pause(lookEvery, over.signal);
      const text = await lack();
      if (text && !over.signal.aborted) work.wait(text.split("; its last lines")[0] ?? text);
    }
  })().catch(() => {}); // over, or nothing to be told: helm alone decides what becomes of the release
  try {
    await helm;
  } finally {
    over.abort();
    await looking;
  }
}

/** Which workload of the release is not ready and why, in words; undefined when nothing can be said. */
export async function lackOfRelease(
  helm: Helm,
  client: KubernetesClient,
  { inputs }: ResourceState,
  withLogs: boolean,
): Promise<string | undefined> {
  try {
    for (const object of await workloadsOf(helm, inputs)) {
      const live = await client.get(object);
      const lack = live && lackOf(live);
      if (!live || !lack) continue;
      const trouble = await troubleOf(client, live, withLogs);
      const name = `${textAt(live, "kind")} ${textAt(live, "metadata", "name")}`;
      return [`${name}: ${lack}`, trouble].filter(Boolean).join("; ");
    }
  } catch {
    // the explanation is a courtesy: not having one must not hide the failure
  }
  return undefined;
}

/** Waits for every pod of the release's DaemonSets: helm lets one be missing, and a node may be all there is. */
export async function awaitDaemonSets(
  helm: Helm,
  client: KubernetesClient,
  { inputs }: ResourceState,
  seconds: number,
  work: Work,
): Promise<void> {
  for (const object of (await workloadsOf(helm, inputs)).filter(isDaemonSet)) {
    const live = await client.get(object);
    if (live) await awaitReady(client, live, seconds, work);
  }
}

async function workloadsOf(helm: Helm, inputs: JsonObject): Promise<JsonObject[]> {
  const namespace = textAt(inputs, "namespace") ?? "default";
  const words = ["get", "manifest", textAt(inputs, "name") ?? "", "--namespace", namespace];
  return objectsIn(await helm.run(words), namespace);
}

/** Helm lets one pod of each be missing, so that others are mostly what it waits for. */
const isDaemonSet = (object: JsonObject) => textAt(object, "kind") === "DaemonSet";

/** The workloads of a manifest, each with its namespace. */
function objectsIn(manifest: string, namespace: string): JsonObject[] {
  return parseAllDocuments(manifest)
    .map((document) => document.toJS() as unknown)
    .filter(isObject)
    .filter((object) => /^(apps|batch)\//.test(textAt(object, "apiVersion") ?? ""))
    .map((object) => ({
      ...object,
      metadata: { namespace, ...objectAt(object, "metadata") },
    }))
    .sort((one, other) => Number(isDaemonSet(one)) - Number(isDaemonSet(other)));
}
