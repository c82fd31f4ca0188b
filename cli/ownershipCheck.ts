import { ApiError } from "../local/support/apiServer.ts";
import { marksName, stateLabel } from "../components/kubernetes/ownershipMarks.ts";
import { UserError } from "../local/support/errors.ts";
import { KubernetesClient } from "../local/support/kubernetesClient.ts";
import { type JsonObject, objectAt, textAt } from "../local/support/propertyValues.ts";
import type { PlatformConfig } from "../program/config.ts";
import { type Claim, namespaceRefusal } from "../program/ownership.ts";
import { platformNamespaces } from "../program/platform.ts";
import type { ClusterAccess, Engine } from "./engine.ts";
import type { Settings } from "./stackSettings.ts";

/** A resource as both engines keep it. */
export interface StateResource extends JsonObject {
  urn: string;
  type: string;
  inputs: JsonObject;
  outputs: JsonObject;
}

export function resourcesIn(state: string | undefined): StateResource[] {
  const content = JSON.parse(state ?? "{}") as {
    resources?: StateResource[];
    deployment?: { resources?: StateResource[] };
  };
  return content.deployment?.resources ?? content.resources ?? [];
}

/** Name and uid of every namespace that the state knows. */
export function namespacesIn(resources: readonly StateResource[]): Map<string, string | undefined> {
  return new Map(
    resources
      .filter(({ type }) => type === "kubernetes:core/v1:Namespace")
      .map(({ inputs, outputs }) => [
        textAt(inputs, "metadata", "name") ?? "",
        textAt(outputs, "metadata", "uid"),
      ]),
  );
}

/** Ids by which the namespaces of the state are marked. */
export function stateIds(resources: readonly StateResource[]): string[] {
  return resources
    .filter(({ type }) => type === "random:index/randomUuid:RandomUuid")
    .map(({ outputs }) => textAt(outputs, "result") ?? "");
}

export const stackName = ({ project, stack }: Settings) => `${project}/${stack}`;

/** What the stack's state claims of each namespace. */
export function claims(settings: Settings, state: string | undefined): (name: string) => Claim {
  const resources = resourcesIn(state);
  const ids = stateIds(resources);
  const namespaces = namespacesIn(resources);
  return (name) => ({
    stack: stackName(settings),
    hasId: (id) => ids.includes(id),
    uid: namespaces.get(name),
  });
}

export const namespaceObject = (name: string): JsonObject => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name },
});

/** What has the marks of the stack: its namespace, or a ConfigMap in one that it did not make. */
export const markedObject = ({
  namespace,
  namespaceOnly,
}: Pick<PlatformConfig, "namespace" | "namespaceOnly">): JsonObject =>
  namespaceOnly
    ? { apiVersion: "v1", kind: "ConfigMap", metadata: { name: marksName, namespace } }
    : namespaceObject(namespace);

export const connect = ({ kubeconfig, context }: ClusterAccess, config?: PlatformConfig) =>
  KubernetesClient.connect({ kubeconfig, context: context ?? config?.kubeContext });

/**
 * Throws where something that the platform would make belongs to another stack, another checkout or another project.
 * Changes nothing, and is asked before anything else changes.
 */
export async function checkOwnership(
  client: KubernetesClient,
  settings: Settings,
  state: string | undefined,
): Promise<void> {
  if (settings.config.namespaceOnly) return await checkExisting(client, settings, state);
  await checkNamespaces(client, settings, state, platformNamespaces(settings.config));
  await checkRoles(client, settings.config.namespace);
}

/** Throws where a namespace in the state is no longer this state's. */
export async function checkOwnNamespaces(
  client: KubernetesClient,
  settings: Settings,
  state: string | undefined,
): Promise<void> {
  const resources = resourcesIn(state);
  await checkNamespaces(client, settings, state, namespacesIn(resources).keys());
  for (const namespace of markedIn(resources)) {
    await checkMarks(client, namespace, claims(settings, state));
  }
}

/** Namespaces that the stack uses and did not make, by the state. */
export const markedIn = (resources: readonly StateResource[]): string[] =>
  resources
    .filter(({ type }) => type === "kubernetes:core/v1:ConfigMap")
    .filter(({ inputs }) => textAt(inputs, "metadata", "name") === marksName)
    .map(({ inputs }) => textAt(inputs, "metadata", "namespace") ?? "");

/** Throws unless the namespace exists and is either empty or this stack's: with `namespaceOnly` none is created. */
async function checkExisting(
  client: KubernetesClient,
  settings: Settings,
  state: string | undefined,
): Promise<void> {
  const { namespace } = settings.config;
  const live = await client.get(namespaceObject(namespace));
  if (!live) {
    throw new UserError(
      `the namespace ${namespace} does not exist, and with namespaceOnly none is created; nothing was changed. Ask an administrator of the cluster for it, or set namespace to one that exists`,
    );
  }
  // another platform has made it
  if (textAt(live, "metadata", "labels", stateLabel) !== undefined) {
    const refusal = namespaceRefusal(live, claims(settings, state)(namespace));
    throw new UserError(
      refusal ??
        `the namespace ${namespace} was made by this stack; leave namespaceOnly out, or remove it with \`npm run down\` first`,
    );
  }
  if (await checkMarks(client, namespace, claims(settings, state))) return;
  const { items } = await client.request("GET", `/api/v1/namespaces/${namespace}/pods?limit=1`);
  const [pod] = items as JsonObject[];
  if (pod) {
    throw new UserError(
      `the namespace ${namespace} has pods that are not the platform's, such as ${textAt(pod, "metadata", "name")}, and the platform's NetworkPolicies would cut them off; nothing was changed. Use a namespace for the platform only`,
    );
  }
}

/** Whether the stack is in the namespace already; throws where another one is. */
async function checkMarks(
  client: KubernetesClient,
  namespace: string,
  claimOf: (name: string) => Claim,
): Promise<boolean> {
  const live = await client.get(markedObject({ namespace, namespaceOnly: true }));
  if (!live) return false;
  const metadata = { ...objectAt(live, "metadata"), name: namespace };
  const refusal = namespaceRefusal({ metadata }, claimOf(namespace));
  if (refusal !== undefined) throw new UserError(refusal);
  return true;
}

async function checkNamespaces(
  client: KubernetesClient,
  settings: Settings,
  state: string | undefined,
  names: Iterable<string>,
): Promise<void> {
  const claimOf = claims(settings, state);
  for (const name of names) {
    const live = await seen(client, `/api/v1/namespaces/${name}`);
    const refusal = live && namespaceRefusal(live, claimOf(name));
    if (refusal) throw new UserError(refusal);
  }
}

/** The same for a preview, which needs no cluster. */
export async function checkOwnershipIfReachable(
  access: ClusterAccess,
  settings: Settings,
  engine: Engine,
): Promise<void> {
  if (settings.config.cluster === "gke") return; // the program may have to make it first
  const client = await connect(access, settings.config).catch(() => undefined);
  if (client) await checkOwnership(client, settings, await engine.exportState());
}

/** The only objects outside the namespaces. Helm itself refuses those that its release has not made, but late. */
async function checkRoles(client: KubernetesClient, namespace: string): Promise<void> {
  for (const part of ["prometheus", "kube-state-metrics"]) {
    for (const kind of ["ClusterRole", "ClusterRoleBinding"]) {
      const name = `${namespace}-${part}`;
      const path = `/apis/rbac.authorization.k8s.io/v1/${kind.toLowerCase()}s/${name}`;
      const live = await seen(client, path);
      const maker = textAt(live, "metadata", "annotations", "meta.helm.sh/release-namespace");
      if (live && maker !== namespace) {
        throw new UserError(
          `the ${kind} ${name} already exists, and this project did not create it; nothing was changed. Choose another \`namespace\` in the stack's settings: the platform's ClusterRoles are named after it`,
        );
      }
    }
  }
}

/** What a path of the API shows; nothing too for a user who may not look, whom the engine refuses in its own words. */
export async function seen(
  client: KubernetesClient,
  path: string,
): Promise<JsonObject | undefined> {
  try {
    return await client.request("GET", path);
  } catch (error) {
    if (error instanceof ApiError && [403, 404].includes(error.status)) return undefined;
    throw error;
  }
}
