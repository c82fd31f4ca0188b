import { setTimeout as delay } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { parseAllDocuments } from "yaml";
import { partOfSelector, stackAnnotation } from "../components/kubernetes/ownershipMarks.ts";
import { officialCharts } from "../components/monitoring/charts.ts";
import { UserError } from "../local/support/errors.ts";
import type { KubernetesClient } from "../local/support/kubernetesClient.ts";
import { isObject, type JsonObject, objectAt, textAt } from "../local/support/propertyValues.ts";
import type { Engine } from "./engine.ts";
import {
  markedIn,
  namespaceObject,
  namespacesIn,
  resourcesIn,
  seen,
  stackName,
} from "./ownershipCheck.ts";
import type { Settings } from "./stackSettings.ts";

/*
 * What the Pulumi CLI was creating when it, or its provider, was killed is in the cluster and not in the state. The next
 * run ends in "already exists" or "cannot re-use a name that is still in use", and a claim that such a pod mounts is
 * never deleted. The built-in engine writes down what it begins, and needs none of this.
 */

const releaseType = "kubernetes:helm.sh/v3:Release";
const goneWithinMs = 180_000;

/** Kinds of objects that the program makes in a namespace. */
const kinds: readonly [apiVersion: string, resource: string, kind: string][] = [
  ["v1", "configmaps", "ConfigMap"],
  ["v1", "persistentvolumeclaims", "PersistentVolumeClaim"],
  ["v1", "secrets", "Secret"],
  ["v1", "serviceaccounts", "ServiceAccount"],
  ["v1", "services", "Service"],
  ["apps/v1", "deployments", "Deployment"],
  ["apps/v1", "statefulsets", "StatefulSet"],
  ["batch/v1", "cronjobs", "CronJob"],
  ["batch/v1", "jobs", "Job"],
  ["networking.k8s.io/v1", "networkpolicies", "NetworkPolicy"],
  ["policy/v1", "poddisruptionbudgets", "PodDisruptionBudget"],
  ["rbac.authorization.k8s.io/v1", "roles", "Role"],
  ["rbac.authorization.k8s.io/v1", "rolebindings", "RoleBinding"],
];

/**
 * Deletes what a killed run was creating in the namespaces of this stack, so that the next one creates it again. Claims
 * and namespaces stay, for they may hold data.
 * @param settings whose stack it is. Another one may have objects in the same namespaces.
 * @param namespaces all namespaces of the stack, checked to be its own.
 * @returns the claims and namespaces that the state does not know, which the next `up` has to take over.
 */
export async function clearUnfinished(
  engine: Engine,
  client: KubernetesClient,
  settings: Settings,
  namespaces: readonly string[],
): Promise<JsonObject[]> {
  const state = engine.name === "pulumi" ? await engine.exportState() : undefined;
  const resources = resourcesIn(state);
  if (resources.length === 0) return [];
  const made = [...namespacesIn(resources).keys(), ...markedIn(resources)];
  const known = new Set(
    resources.map(({ inputs, id }) => `${textAt(inputs, "kind")} ${String(id)}`),
  );
  const releases = resources.filter(({ type }) => type === releaseType);
  const unknown: JsonObject[] = [];
  const records: JsonObject[] = [];
  for (const namespace of made) {
    const own = await ownObjects(client, namespace, stackName(settings));
    unknown.push(...own.filter((one) => !known.has(keyOf(one))));
    records.push(...(await pendingRecords(client, namespace)));
  }
  for (const name of namespaces.filter((name) => !made.includes(name))) {
    const live = await client.get(namespaceObject(name));
    if (live) unknown.push(namespaceObject(name));
  }
  const isOfKnown = (record: JsonObject) =>
    releases.some(({ inputs }) => inputs["name"] === releaseOf(record));
  const doomed = [
    ...unknown.filter((object) => !holdsData(object)),
    // without the record of an interrupted change, Helm continues from the previous one
    ...(await installedBy(
      client,
      records.filter((record) => !isOfKnown(record)),
    )),
  ];
  await deleteLeftovers(client, doomed);
  await deleteLeftovers(client, records);
  await forgetOperations(engine, state);
  if (doomed.length + records.length > 0) {
    const names = [
      ...unknown.filter((one) => !holdsData(one)).map(nameOf),
      ...records.map(releaseOf),
    ];
    console.error(
      `The last run was killed: what it was creating is deleted, to be created again (${names.join(", ")})`,
    );
  }
  return unknown.filter(holdsData);
}

const nameOf = (object: JsonObject) =>
  `${textAt(object, "kind")} ${textAt(object, "metadata", "name")}`;

/** As the provider names it in the state. */
const keyOf = (object: JsonObject) =>
  `${textAt(object, "kind")} ${textAt(object, "metadata", "namespace")}/${textAt(object, "metadata", "name")}`;

const holdsData = (object: JsonObject) =>
  /^(Namespace|PersistentVolumeClaim)$/.test(textAt(object, "kind") ?? "");

/** What the stack's program has made with the Kubernetes provider. */
async function ownObjects(
  client: KubernetesClient,
  namespace: string,
  stack: string,
): Promise<JsonObject[]> {
  const lists = kinds.map(async ([apiVersion, resource, kind]) => {
    const root = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
    const path = `${root}/namespaces/${namespace}/${resource}?labelSelector=${partOfSelector}`;
    const items = ((await seen(client, path))?.["items"] ?? []) as JsonObject[];
    return items
      .filter((item) => isOfProvider(item) && madeBy(item) === stack)
      .map((item) => ({ ...item, apiVersion, kind }));
  });
  return (await Promise.all(lists)).flat();
}

const madeBy = (item: JsonObject) => textAt(item, "metadata", "annotations", stackAnnotation);

function isOfProvider(item: JsonObject): boolean {
  const { managedFields = [], ownerReferences, deletionTimestamp } = objectAt(item, "metadata");
  const isMade = (managedFields as JsonObject[]).some(({ manager }) =>
    String(manager).startsWith("pulumi-kubernetes"),
  );
  return isMade && ownerReferences === undefined && deletionTimestamp === undefined;
}

/** Helm's records of changes to the platform's releases that have not ended. */
async function pendingRecords(client: KubernetesClient, namespace: string): Promise<JsonObject[]> {
  const names = Object.values(officialCharts).map(({ name }) => name);
  const selector = `owner=helm,name in (${names.join()}),status in (pending-install,pending-upgrade,pending-rollback)`;
  const path = `/api/v1/namespaces/${namespace}/secrets?labelSelector=${encodeURIComponent(selector)}`;
  const items = ((await seen(client, path))?.["items"] ?? []) as JsonObject[];
  return items.map((item) => ({ ...item, apiVersion: "v1", kind: "Secret" }));
}

const releaseOf = (record: JsonObject) => textAt(record, "metadata", "labels", "name") ?? "";

/**
 * Existing objects of the releases that were being installed, except their claims. Anyone who can write Secrets in the
 * namespace could make a record name any object in the cluster, so only objects that Helm has marked as the release's count.
 */
async function installedBy(
  client: KubernetesClient,
  records: readonly JsonObject[],
): Promise<JsonObject[]> {
  const isInstalled = async (object: JsonObject, record: JsonObject) => {
    const live = await client.get(object);
    const mark = (name: string) => textAt(live, "metadata", "annotations", `meta.helm.sh/${name}`);
    return (
      mark("release-name") === releaseOf(record) &&
      mark("release-namespace") === textAt(record, "metadata", "namespace")
    );
  };
  const found = records.flatMap((record) =>
    objectsIn(record).map(async (object) => ((await isInstalled(object, record)) ? [object] : [])),
  );
  return (await Promise.all(found)).flat();
}

/** Everything that a release may have created, without its claims. */
function objectsIn(record: JsonObject): JsonObject[] {
  const namespace = textAt(record, "metadata", "namespace") ?? "";
  // Helm packs a release before it makes a Secret of it, which the API encodes once more
  const packed = Buffer.from(textAt(record, "data", "release") ?? "", "base64").toString();
  const { manifest } = JSON.parse(gunzipSync(Buffer.from(packed, "base64")).toString()) as {
    manifest: string;
  };
  return parseAllDocuments(manifest)
    .map((document) => document.toJS() as unknown)
    .filter(isObject)
    .filter((object) => !holdsData(object))
    .map((object) => ({ ...object, metadata: { namespace, ...objectAt(object, "metadata") } }));
}

/** The CLI would warn of them from now on. */
async function forgetOperations(engine: Engine, text: string | undefined): Promise<void> {
  const state = JSON.parse(text ?? "{}") as { deployment?: { pending_operations?: unknown[] } };
  if (!state.deployment?.pending_operations?.length) return;
  const deployment = { ...state.deployment, pending_operations: [] };
  await engine.importState(JSON.stringify({ ...state, deployment }));
}

/** Deletes what a killed run has left, and waits until it is gone. */
export async function deleteLeftovers(
  client: KubernetesClient,
  objects: readonly JsonObject[],
): Promise<void> {
  await Promise.all(objects.map((object) => client.delete(object, "Foreground")));
  const end = Date.now() + goneWithinMs;
  for (const object of objects) {
    while (await client.get(object)) {
      if (Date.now() > end) {
        throw new UserError(
          `the ${nameOf(object)} of a run that was killed is not deleted after ${goneWithinMs / 1000} s; see what holds it: kubectl -n ${textAt(object, "metadata", "namespace")} describe ${nameOf(object)}`,
        );
      }
      await delay(1_000);
    }
  }
}
