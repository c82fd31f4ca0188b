import { ApiError } from "../support/apiServer.ts";
import { isChangedByHand } from "../support/changedByHand.ts";
import { UserError } from "../support/errors.ts";
import { pause, type Work } from "../support/interruption.ts";
import type { KubernetesClient } from "../support/kubernetesClient.ts";
import {
  isObject,
  type Json,
  type JsonObject,
  objectAt,
  plain,
  secret,
  secretLike,
  textAt,
} from "../support/propertyValues.ts";
import { awaitReady, jobFailure } from "../support/readiness.ts";
import type { Handler } from "./handler.ts";
import { replacementOf, withName } from "./kubernetesRules.ts";
import type { ResourceState } from "./state.ts";

const defaultTimeout = 600;
const pollInterval = 300;

/** Manages Kubernetes objects; `clientOf` connects to the cluster of a provider. */
export function kubernetesHandler(
  clientOf: (provider: string | undefined) => Promise<KubernetesClient>,
): Handler {
  return {
    check: ({ urn, name, inputs }, generation) => withName(inputs, urn, name, generation),

    replacement: (old, changes, inputs) => replacementOf(old.inputs, changes, inputs),

    foresee: (inputs) => withSecretContent(inputs),

    async inspect(resource) {
      const live = await (await clientOf(resource.provider)).get(identityOf(resource));
      const known = uidOf(resource.outputs);
      if (!live) return isFinishedJob(resource) ? "sound" : "gone";
      if (isTerminating(live) || (known && known !== uidOf(live))) return "gone";
      if (jobFailure(live)) return "failed";
      return isChangedByHand(live, manifestOf(resource.inputs)) ? "changed" : "sound";
    },

    async refuseExisting(resource) {
      const live = await (await clientOf(resource.provider)).get(manifestOf(resource.inputs));
      // an object of this stack that was replaced by hand is taken over, except a namespace with its content
      const isNamespace = textAt(resource.inputs, "kind") === "Namespace";
      const wasMade = uidOf(resource.outputs) !== undefined && !isNamespace;
      if (!live || isTerminating(live) || wasMade || hasMarkOf(live, resource.inputs)) return;
      throw new UserError(
        `${nameWithKind(live)} already exists in the cluster, and this stack did not create it; give this one another name or namespace`,
      );
    },

    async apply(resource, work) {
      const client = await clientOf(resource.provider);
      const object = manifestOf(resource.inputs);
      const existing = await client.get(object);
      if (existing && isTerminating(existing)) await untilGone(client, existing, work);
      const applied = await client.apply(object).catch((error: unknown) => {
        throw explained(error, object);
      });
      const seconds = Number(annotation(object, "timeoutSeconds")) || defaultTimeout;
      const isAwaited = annotation(object, "skipAwait") !== "true";
      const live = isAwaited ? await awaitReady(client, applied, seconds, work) : applied;
      delete objectAt(live, "metadata")["managedFields"];
      return withSecretContent(secretLike(live, resource.inputs) as JsonObject);
    },

    idOf: (_resource, outputs) => fullName(outputs),

    async remove(resource, work) {
      const client = await clientOf(resource.provider);
      const object = identityOf(resource);
      const live = await client.get(object);
      if (!live) return;
      await client.delete(object, "Foreground");
      await untilGone(client, live, work);
    },
  };
}

/** The object as it is sent. Text in a Secret is encoded here, so that server-side apply removes dropped keys. */
function manifestOf(inputs: JsonObject): JsonObject {
  const object = structuredClone(plain(inputs)) as JsonObject;
  const text = object["stringData"];
  if (textAt(object, "kind") !== "Secret" || !isObject(text)) return object;
  const encode = (value: Json) => Buffer.from(String(value)).toString("base64");
  const data: JsonObject = { ...objectAt(object, "data") };
  for (const [key, value] of Object.entries(text)) data[key] = encode(value);
  delete object["stringData"];
  return { ...object, data };
}

/** What identifies the object: its inputs have the name, its outputs the namespace it got. */
function identityOf({ inputs, outputs }: ResourceState): JsonObject {
  const { apiVersion = "v1", kind = "" } = inputs;
  const source = textAt(outputs, "metadata", "name") ? outputs : inputs;
  const { name = "", namespace } = objectAt(source, "metadata");
  return plain({
    ...{ apiVersion, kind },
    metadata: namespace === undefined ? { name } : { name, namespace },
  }) as JsonObject;
}

function withSecretContent(outputs: JsonObject): JsonObject {
  if (textAt(outputs, "kind") !== "Secret") return outputs;
  const content = ["data", "stringData"].filter((key) => outputs[key] !== undefined);
  return {
    ...outputs,
    ...Object.fromEntries(content.map((key) => [key, secret(outputs[key] ?? null)])),
  };
}

/** An object that is not what the state says, e.g. one made by hand, may differ where nothing can change. */
function explained(error: unknown, object: JsonObject): unknown {
  const isFixed =
    error instanceof ApiError && error.status === 422 && /immutable|forbidden/.test(error.message);
  if (!isFixed) return error;
  return new UserError(
    `${nameWithKind(object)} is in the cluster with fields that cannot change (${error.message}); undo there what was changed by hand, or, if it holds neither data nor passwords, delete it, and run this again`,
  );
}

/** A Job that its TTL has removed is done, not lost. */
function isFinishedJob({ inputs, pending }: ResourceState): boolean {
  const ttl = objectAt(inputs, "spec")["ttlSecondsAfterFinished"];
  return textAt(inputs, "kind") === "Job" && ttl !== undefined && pending === undefined;
}

async function untilGone(client: KubernetesClient, object: JsonObject, work: Work): Promise<void> {
  const deadline = Date.now() + defaultTimeout * 1000;
  for (;;) {
    const live = await client.get(object);
    if (!live || uidOf(live) !== uidOf(object)) return;
    const reason = stuckReason(live);
    if (Date.now() > deadline)
      throw new UserError(
        `${nameWithKind(live)} is still there ${defaultTimeout} s after its deletion: ${reason}`,
      );
    work.wait(reason);
    await pause(pollInterval, work.signal);
  }
}

function stuckReason(live: JsonObject): string {
  const conditions = (objectAt(live, "status")["conditions"] ?? []) as JsonObject[];
  const remaining = conditions
    .filter(({ type, status }) => status === "True" && /Remaining|Failure/.test(String(type)))
    .map(({ message }) => String(message));
  if (remaining.length > 0) return remaining.join("; ");
  const finalizers = (objectAt(live, "metadata")["finalizers"] ?? []) as string[];
  if (finalizers.includes("kubernetes.io/pvc-protection")) return "a pod still uses the claim";
  return finalizers.length > 0 ? `finalizers ${finalizers.join(", ")}` : "it is stopping";
}

/** Whether an object has the label by which this stack marks its objects. */
function hasMarkOf(live: JsonObject, inputs: JsonObject): boolean {
  const [labels, own] = [live, inputs].map((one) => objectAt(one, "metadata", "labels"));
  return Object.entries(plain(own!) as JsonObject).some(
    ([key, id]) =>
      /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(String(id)) && labels![key] === id,
  );
}

const annotation = (object: JsonObject, name: string) =>
  textAt(object, "metadata", "annotations", `pulumi.com/${name}`);

const isTerminating = (live: JsonObject) =>
  textAt(live, "metadata", "deletionTimestamp") !== undefined;

const uidOf = (live: JsonObject) => textAt(live, "metadata", "uid");

const nameWithKind = (object: JsonObject) => `${textAt(object, "kind")} ${fullName(object)}`;

function fullName(object: JsonObject): string {
  const { namespace, name } = plain(objectAt(object, "metadata")) as JsonObject;
  return typeof namespace === "string" ? `${namespace}/${String(name)}` : String(name);
}
