import { awaitReady } from "../local/support/readiness.ts";
import { type JsonObject } from "../local/support/propertyValues.ts";
import { KubernetesClient } from "../local/support/kubernetesClient.ts";
import type { ClusterAccess } from "./engine.ts";
import { reported } from "../local/support/progress.ts";

/**
 * Waits until each of the platform's DaemonSets has a pod on every node. Helm accepts one pod less, which on a cluster
 * of one node is none.
 */
export async function awaitDaemonSets(
  access: ClusterAccess,
  namespace: string,
  withinSeconds = 120,
): Promise<void> {
  const client = await KubernetesClient.connect(access);
  for (const where of [namespace, `${namespace}-node-exporter`]) {
    const list = await client.request("GET", `/apis/apps/v1/namespaces/${where}/daemonsets`);
    for (const item of (list["items"] ?? []) as JsonObject[]) {
      const daemonSet = { apiVersion: "apps/v1", kind: "DaemonSet", ...item };
      await reported("Waiting for a pod on every node", (step) =>
        awaitReady(client, daemonSet, withinSeconds, {
          wait: (text) => step.update(text),
          signal: new AbortController().signal,
        }),
      );
    }
  }
}
