import { stateLabel } from "../../components/kubernetes/ownershipMarks.ts";
import { UserError } from "../support/errors.ts";
import { pause } from "./handler.ts";
import type { Handler, Work } from "./handler.ts";
import type { KubernetesClient } from "./kubernetesClient.ts";
import { ApiError } from "./kubernetesHttp.ts";
import { replacementOf, withName } from "./kubernetesRules.ts";
import { awaitReady, jobFailure } from "./readiness.ts";
import type { ResourceState } from "./state.ts";
import { isObject, objectAt, overlaid, plain, secret, secretLike, textAt } from "./values.ts";
import type { Json, JsonObject } from "./values.ts";

const defaultTimeout = 600;
const pollInterval = 300;

/** Makes Kubernetes objects; `clientOf` tells which cluster a provider means. */
export function kubernetesHandler(
  clientOf: (provider: string | undefined) => Promise<KubernetesClient>,
): Handler {
  return {
    check: ({ urn, name, inputs }, generation) => withName(inputs, urn, name, generation),

    replacement: (old, changes, inputs) => replacementOf(old.inputs, changes, inputs),

    foresee: (inputs, old) =>
      withSecretContent((old ? overlaid(old.outputs, inputs) : inputs) as JsonObject),

    async inspect(resource) {
      const live = await (await clientOf(resource.provider)).get(identityOf(resource));
      const known = textAt(resource.outputs, "metadata", "uid");
      if (!live) return isFinishedJob(resource) ? "sound" : "gone";
      if (isTerminating(live) || (known && known !== uidOf(live))) return "gone";
      return jobFailure(live) ? "failed" : "sound";
    },

    async refuseExisting(resource) {
      const live = await (await clientOf(resource.provider)).get(manifestOf(resource.inputs));
      // what was made once and then made again by hand is taken back, except a namespace with all that is in it
      const wasMade = uidOf(resource.outputs) !== undefined && !isNamespace(resource.inputs);
      if (!live || isTerminating(live) || wasMade || hasMarkOf(live, resource.inputs)) return;
      throw new UserError(
        `${nameWithKind(live)} is in the cluster already, and this stack did not make it; give this one another name or namespace`,
      );
    },

    async apply(resource, timeout, work) {
      const client = await clientOf(resource.provider);
      const object = manifestOf(resource.inputs);
      const seconds = timeout ?? annotatedTimeout(object) ?? defaultTimeout;
      const existing = await client.get(object);
      if (existing && isTerminating(existing)) await untilGone(client, existing, seconds, work);
      const applied = await client.apply(object).catch((error: unknown) => {
        throw explained(error, object, client.context);
      });
      const skip = textAt(object, "metadata", "annotations", "pulumi.com/skipAwait") === "true";
      const live = skip ? applied : await awaitReady(client, applied, seconds, work);
      delete objectAt(live, "metadata")["managedFields"];
      return withSecretContent(secretLike(live, resource.inputs) as JsonObject);
    },

    idOf: (_resource, outputs) => fullName(outputs),

    async remove(resource, work) {
      const client = await clientOf(resource.provider);
      const object = identityOf(resource);
      const live = await client.get(object);
      if (!live) return;
      const annotation = "pulumi.com/deletionPropagationPolicy";
      const policy = textAt(resource.inputs, "metadata", "annotations", annotation) ?? "foreground";
      await client.delete(object, policy.charAt(0).toUpperCase() + policy.slice(1).toLowerCase());
      const seconds = resource.deleteTimeout ?? annotatedTimeout(resource.inputs) ?? defaultTimeout;
      await untilGone(client, live, seconds, work);
    },
  };
}

/** The object as the API server gets it. Text in a Secret is encoded here, so that removed keys really go. */
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

/** What is needed to find the object: its inputs name it, its outputs know the namespace it got. */
function identityOf({ inputs, outputs }: ResourceState): JsonObject {
  const source = textAt(outputs, "metadata", "name") ? outputs : inputs;
  const { name, namespace } = objectAt(source, "metadata");
  const metadata = namespace === undefined ? { name } : { name, namespace };
  return plain({
    apiVersion: inputs["apiVersion"] ?? "v1",
    kind: inputs["kind"] ?? "",
    metadata: metadata as JsonObject,
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

/** Kinds that hold data or passwords, with which data cannot be opened any more. */
const precious = [
  "Namespace",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "Secret",
  "StatefulSet",
];

/** An object that is not what the state says, e.g. one made by hand, may differ where nothing can change. */
function explained(error: unknown, object: JsonObject, context: string): unknown {
  const isFixed =
    error instanceof ApiError && error.status === 422 && /immutable|forbidden/.test(error.message);
  if (!isFixed) return error;
  const kind = textAt(object, "kind") ?? "";
  const { name, namespace } = plain(objectAt(object, "metadata")) as { [key: string]: string };
  const where = [`--context ${context}`, ...(namespace ? [`--namespace ${namespace}`] : [])];
  const advice = precious.includes(kind)
    ? "it holds data or passwords, so do not delete it: undo in it what was changed by hand"
    : `delete it (kubectl delete ${kind.toLowerCase()} ${name} ${where.join(" ")})`;
  return new UserError(
    `${nameWithKind(object)} is in the cluster with fields that cannot change (${error.message}); ${advice}, and run this again`,
  );
}

function annotatedTimeout(object: JsonObject): number | undefined {
  const text = textAt(object, "metadata", "annotations", "pulumi.com/timeoutSeconds");
  if (text === undefined) return undefined;
  if (Number(text) > 0) return Number(text);
  throw new UserError(
    `${fullName(object)}: the annotation pulumi.com/timeoutSeconds must be a number above 0, not ${text}`,
  );
}

/** A Job that removes itself some time after its end is done, not lost. */
function isFinishedJob({ inputs, pending }: ResourceState): boolean {
  const ttl = objectAt(inputs, "spec")["ttlSecondsAfterFinished"];
  return textAt(inputs, "kind") === "Job" && ttl !== undefined && pending === undefined;
}

async function untilGone(
  client: KubernetesClient,
  object: JsonObject,
  seconds: number,
  work: Work,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const live = await client.get(object);
    if (!live || uidOf(live) !== uidOf(object)) return;
    const reason = stuckReason(live);
    if (Date.now() > deadline)
      throw new UserError(
        `${textAt(live, "kind")} ${fullName(live)} is still there ${seconds} s after its deletion: ${reason}`,
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
  if (finalizers.includes("foregroundDeletion")) return "its pods are stopping";
  return finalizers.length > 0 ? `finalizers ${finalizers.join(", ")}` : "it is stopping";
}

const isNamespace = (object: JsonObject) => textAt(object, "kind") === "Namespace";

/** Whether an object has the label that says which state made it, and of this state. */
function hasMarkOf(live: JsonObject, inputs: JsonObject): boolean {
  const [mark, own] = [live, inputs].map((one) => textAt(one, "metadata", "labels", stateLabel));
  return mark !== undefined && mark === own;
}

function isTerminating(live: JsonObject): boolean {
  return textAt(live, "metadata", "deletionTimestamp") !== undefined;
}

function uidOf(live: JsonObject): string | undefined {
  return textAt(live, "metadata", "uid");
}

const nameWithKind = (object: JsonObject) => `${textAt(object, "kind")} ${fullName(object)}`;

function fullName(object: JsonObject): string {
  const { namespace, name } = plain(objectAt(object, "metadata")) as JsonObject;
  return typeof namespace === "string" ? `${namespace}/${String(name)}` : String(name);
}
