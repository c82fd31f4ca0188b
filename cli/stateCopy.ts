import { createHash, randomUUID } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { partOf } from "../components/kubernetes/ownershipMarks.ts";
import type { Deployment } from "./deployment.ts";
import { type JsonObject, objectAt, textAt } from "../local/support/propertyValues.ts";
import { type KubernetesClient } from "../local/support/kubernetesClient.ts";
import { ApiError } from "../local/support/apiServer.ts";
import type { Engine } from "./engine.ts";
import { resourcesIn, stateIds } from "./ownershipCheck.ts";
import { messageOf } from "../local/support/errors.ts";

/*
 * The state is the only place that knows which resources belong to the platform, and it is in the checkout. A copy in
 * the platform's own namespace brings it back when the checkout is lost. It holds no password that is not in another
 * Secret of the namespace.
 */

const digestAnnotation = "mlops-platform/digest";
const key = "state.json.gz";
export const copyName = "mlops-state";

/** What a lost checkout knew. */
export interface StateCopy {
  readonly deployment: Deployment;
  readonly state: string;
}

const secretObject = (namespace: string): JsonObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: copyName, namespace, labels: partOf },
});

/** Copies the state of a stack after a run of its engine, whether that ended well or not. */
export async function copyState(
  client: KubernetesClient,
  engine: Engine,
  deployment: Deployment,
): Promise<void> {
  const state = await engine.exportState();
  if (state !== undefined) await keepCopy(client, { deployment, state });
}

/** Brings the copy up to date. The platform works without it, so that a failure is a warning. */
export async function keepCopy(client: KubernetesClient, copy: StateCopy): Promise<void> {
  const { namespace } = copy.deployment;
  const secret = secretObject(namespace);
  const digest = digestOf(copy);
  try {
    const live = await client.get(secret);
    if (textAt(live, "metadata", "annotations", digestAnnotation) === digest) return;
    const metadata = {
      ...objectAt(secret, "metadata"),
      annotations: { [digestAnnotation]: digest },
    };
    const data = { [key]: gzipSync(JSON.stringify(copy)).toString("base64") };
    await client.apply({ ...secret, metadata, data });
  } catch (error) {
    // nothing was made yet that could be lost
    if (error instanceof ApiError && error.status === 404) return;
    console.error(
      `warning: the copy of the state in the Secret ${namespace}/${copyName} is not up to date (${messageOf(error)}); keep a copy of .mlops yourself`,
    );
  }
}

export async function readCopy(
  client: KubernetesClient,
  namespace: string,
): Promise<StateCopy | undefined> {
  const text = textAt(await client.get(secretObject(namespace)), "data", key);
  if (text === undefined) return undefined;
  return JSON.parse(gunzipSync(Buffer.from(text, "base64")).toString()) as StateCopy;
}

/** The same state with other ids, so that a checkout that still has the old one is refused. */
export function withNewIds(state: string): string {
  return stateIds(resourcesIn(state)).reduce(
    (text, id) => text.replaceAll(id, randomUUID()),
    state,
  );
}

/** Changes with the resources, and not with the order and the time in which an engine writes them. */
function digestOf({ deployment, state }: StateCopy): string {
  const resources = resourcesIn(state).map((resource) => JSON.stringify(resource));
  return createHash("sha256")
    .update(JSON.stringify([deployment, ...resources.sort()]))
    .digest("hex");
}
