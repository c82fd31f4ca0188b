import { setTimeout as delay } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { parseAllDocuments } from "yaml";
import { UserError } from "../local/support/errors.ts";
import type { KubernetesClient } from "../local/support/kubernetesClient.ts";
import { isObject, type JsonObject, objectAt, textAt } from "../local/support/propertyValues.ts";
import type { Engine } from "./engine.ts";
import type { StateResource } from "./ownershipCheck.ts";

/*
 * What the Pulumi CLI had begun to create when it was killed is in the cluster and not in the state. The next run ends
 * in "already exists" or "cannot re-use a name that is still in use", and a claim that such a pod mounts is never
 * deleted. The built-in engine writes down what it begins, and needs none of this.
 */

const releaseType = "kubernetes:helm.sh/v3:Release";
const goneWithinMs = 180_000;

/** An operation that a run had begun when it was killed. */
interface Operation {
  readonly type: "creating" | "updating" | "deleting" | "reading" | "importing";
  readonly resource: StateResource;
}

interface PulumiDeployment {
  readonly resources?: readonly (StateResource & { id?: string; pendingReplacement?: boolean })[];
  readonly pending_operations?: readonly Operation[];
}

const deploymentIn = (state: string | undefined): PulumiDeployment =>
  (JSON.parse(state ?? "{}") as { deployment?: PulumiDeployment }).deployment ?? {};

/** Objects and releases that may be in the cluster, though the state does not know them. */
export const unfinishedIn = (state: string | undefined): StateResource[] =>
  begunIn(deploymentIn(state)).map(({ resource }) => resource);

function begunIn({ resources = [], pending_operations: pending = [] }: PulumiDeployment) {
  const known = new Set(
    resources
      .filter(({ pendingReplacement }) => pendingReplacement !== true)
      .map(({ type, id }) => `${type} ${id}`),
  );
  return pending.filter(
    ({ type, resource }) =>
      type === "creating" &&
      resource.type.startsWith("kubernetes:") &&
      !known.has(`${resource.type} ${idOf(resource)}`),
  );
}

/**
 * Deletes what a killed run had begun to create, so that the next one creates it again. Claims and namespaces stay, for
 * they may hold data.
 * @returns whether there are such, which the next `up` has to take over.
 */
export async function clearUnfinished(engine: Engine, client: KubernetesClient): Promise<boolean> {
  const state = await engine.exportState();
  const deployment = deploymentIn(state);
  const pending = deployment.pending_operations ?? [];
  if (pending.length === 0) return false;
  const begun = begunIn(deployment);
  const kept = begun.filter(({ resource }) => holdsData(resource.inputs));
  const doomed = begun.filter((operation) => !kept.includes(operation));
  const interrupted = pending.filter(({ resource }) => resource.type === releaseType);

  const objects = await Promise.all(
    doomed.map(async ({ resource }) =>
      resource.type === releaseType ? await objectsOfRelease(client, resource) : [resource.inputs],
    ),
  );
  await remove(client, objects.flat());
  for (const operation of interrupted) {
    const isNew = doomed.includes(operation);
    const records = await recordsOf(client, operation.resource);
    // without the record of a change that was cut short, Helm goes on from the one before
    await remove(client, isNew ? records : records.filter(isPending));
  }
  const rest = { ...deployment, pending_operations: kept };
  await engine.importState(JSON.stringify({ ...JSON.parse(state ?? "{}"), deployment: rest }));
  const names = doomed.map(({ resource }) => nameOf(resource));
  console.error(
    `The last run was killed; ${names.length === 0 ? "nothing that it had begun is left" : `what it had begun to create is deleted: ${names.join(", ")}`}`,
  );
  return kept.length > 0;
}

const holdsData = (inputs: JsonObject) =>
  /^(Namespace|PersistentVolumeClaim)$/.test(textAt(inputs, "kind") ?? "");

const isPending = (record: JsonObject) =>
  textAt(record, "metadata", "labels", "status")?.startsWith("pending-") === true;

/** Name and namespace, of an object or a release. */
function placeOf({ type, inputs }: StateResource): { name?: string; namespace?: string } {
  const place = type === releaseType ? inputs : objectAt(inputs, "metadata");
  return { name: textAt(place, "name"), namespace: textAt(place, "namespace") };
}

function idOf(resource: StateResource): string {
  const { name = "", namespace } = placeOf(resource);
  return namespace === undefined ? name : `${namespace}/${name}`;
}

const nameOf = (resource: StateResource) =>
  `${resource.type.split(":").at(-1)} ${placeOf(resource).name}`;

/** Helm's records of a release, one of each revision. */
async function recordsOf(client: KubernetesClient, release: StateResource): Promise<JsonObject[]> {
  const { name, namespace } = placeOf(release);
  const path = `/api/v1/namespaces/${namespace}/secrets?labelSelector=owner=helm,name=${name}`;
  const { items } = await client.request("GET", path);
  return (items as JsonObject[]).map((item) => ({ ...item, apiVersion: "v1", kind: "Secret" }));
}

/** Everything that a release may have created, without its claims. */
async function objectsOfRelease(
  client: KubernetesClient,
  release: StateResource,
): Promise<JsonObject[]> {
  const { namespace = "" } = placeOf(release);
  const records = await recordsOf(client, release);
  return records
    .flatMap((record) => parseAllDocuments(manifestIn(record)))
    .map((document) => document.toJS() as unknown)
    .filter(isObject)
    .filter((object) => !holdsData(object))
    .map((object) => ({ ...object, metadata: { namespace, ...objectAt(object, "metadata") } }));
}

/** Helm packs a release before it makes a Secret of it, which the API encodes once more. */
function manifestIn(record: JsonObject): string {
  const packed = Buffer.from(textAt(record, "data", "release") ?? "", "base64").toString();
  const { manifest } = JSON.parse(gunzipSync(Buffer.from(packed, "base64")).toString()) as {
    manifest: string;
  };
  return manifest;
}

async function remove(client: KubernetesClient, objects: readonly JsonObject[]): Promise<void> {
  await Promise.all(objects.map((object) => client.delete(object, "Foreground")));
  const end = Date.now() + goneWithinMs;
  for (const object of objects) {
    while (await client.get(object)) {
      if (Date.now() > end) {
        throw new UserError(
          `the ${textAt(object, "kind")} ${textAt(object, "metadata", "name")} of a run that was killed is not deleted after ${goneWithinMs / 1000} s; see what holds it: kubectl -n ${textAt(object, "metadata", "namespace")} describe ${textAt(object, "kind")} ${textAt(object, "metadata", "name")}`,
        );
      }
      await delay(1_000);
    }
  }
}
