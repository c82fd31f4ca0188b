import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { AwaitedWorkloads } from "../../cli/awaitedWorkloads.ts";
import type { KubernetesClient } from "../../local/support/kubernetesClient.ts";
import type { JsonObject } from "../../local/support/propertyValues.ts";

const metadata = { name: "server", namespace: "ml", uid: "1" };
const inputs = { apiVersion: "apps/v1", kind: "Deployment", metadata };
const urn = "urn:pulumi:dev::mlops::kubernetes:apps/v1:Deployment::server";
const type = "kubernetes:apps/v1:Deployment";
const begun = { resourcePreEvent: { metadata: { op: "create", urn, type, new: { inputs } } } };
const ended = { resOutputsEvent: { metadata: { urn } } };

/** A cluster whose quota refuses the Deployment's pods. */
const client = {
  get: () =>
    Promise.resolve({
      ...inputs,
      status: {
        conditions: [
          {
            type: "ReplicaFailure",
            status: "True",
            message: "pods is forbidden: exceeded quota: small",
          },
        ],
      },
    } as JsonObject),
  request: () => Promise.resolve({ items: [] }),
} as unknown as KubernetesClient;

const watch = (events: object[]) => {
  const awaited = new AwaitedWorkloads(client, { lookEveryMs: 5, patienceMs: 20 });
  for (const event of events) awaited.onEvent(event as EngineEvent);
  return awaited;
};

test("a workload that the Pulumi CLI waits for in vain is named", async () => {
  expect(await watch([begun]).firstLost(new AbortController().signal)).toBe(
    "Deployment server cannot become ready: pods is forbidden: exceeded quota: small",
  );
});

test("a finished operation is no longer watched", async () => {
  expect(await watch([begun, ended]).firstLost(AbortSignal.timeout(200))).toBeUndefined();
});
