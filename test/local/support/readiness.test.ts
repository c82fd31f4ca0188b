import type { Work } from "../../../local/support/interruption.ts";
import type { KubernetesClient } from "../../../local/support/kubernetesClient.ts";
import type { JsonObject } from "../../../local/support/propertyValues.ts";
import { awaitReady, lackOf } from "../../../local/support/readiness.ts";

const workload = (kind: string, spec: JsonObject, status: JsonObject): JsonObject => ({
  kind,
  metadata: { generation: 2 },
  spec,
  status: { observedGeneration: 2, ...status },
});
const condition = (type: string, status = "True") => ({ conditions: [{ type, status }] });

test.each([
  ["a Deployment without pods", workload("Deployment", { replicas: 0 }, {}), undefined],
  [
    "a Deployment whose last pods are being stopped",
    workload("Deployment", { replicas: 0 }, { replicas: 2, updatedReplicas: 2 }),
    undefined,
  ],
  [
    "a Deployment that its controller has not seen yet",
    { ...workload("Deployment", { replicas: 0 }, {}), metadata: { generation: 3 } },
    "not seen by its controller yet",
  ],
  [
    "a Deployment that was resumed",
    workload("Deployment", { replicas: 2 }, { updatedReplicas: 2, replicas: 2 }),
    "0 of 2 pods available",
  ],
  ["a Deployment for an autoscaler", workload("Deployment", {}, {}), "0 of 1 pods updated"],
  ["a StatefulSet without pods", workload("StatefulSet", { replicas: 0 }, {}), undefined],
  [
    "a StatefulSet without pods that was changed too",
    workload("StatefulSet", { replicas: 0 }, { currentRevision: "a", updateRevision: "b" }),
    undefined,
  ],
  [
    "a StatefulSet that was resumed",
    workload("StatefulSet", { replicas: 1 }, {}),
    "0 of 1 pods ready",
  ],
  [
    "a Job that waits to be resumed",
    workload("Job", { suspend: true }, condition("Suspended")),
    undefined,
  ],
  [
    "a Job that had ended before it was suspended",
    workload("Job", { suspend: true }, condition("Complete")),
    undefined,
  ],
  [
    "a Job that was resumed",
    workload("Job", { suspend: false }, condition("Suspended", "False")),
    "0 of 1 pods done",
  ],
])("%s", (_, live, lack) => {
  expect(lackOf(live)).toBe(lack);
});

describe("a rollout that Kubernetes has given up on", () => {
  const gaveUp = (at: string) =>
    workload(
      "Deployment",
      { replicas: 1 },
      {
        updatedReplicas: 1,
        conditions: [
          {
            type: "Progressing",
            reason: "ProgressDeadlineExceeded",
            message: "it has timed out progressing",
            lastUpdateTime: at,
          },
        ],
      },
    );
  const work = { wait: () => {}, signal: new AbortController().signal } as unknown as Work;
  const awaited = (...looks: JsonObject[]) => {
    const client = {
      get: async () => looks.shift(),
      request: async () => ({ items: [] }),
    } as unknown as KubernetesClient;
    return awaitReady(client, gaveUp("yesterday"), 30, work);
  };

  test("before this run may still come up", async () => {
    const ready = workload(
      "Deployment",
      { replicas: 1 },
      { updatedReplicas: 1, availableReplicas: 1 },
    );
    await expect(awaited(gaveUp("yesterday"), ready)).resolves.toBe(ready);
  });

  test("during this run has failed", async () => {
    await expect(awaited(gaveUp("today"))).rejects.toThrow(/failed: it has timed out progressing/);
  });
});
