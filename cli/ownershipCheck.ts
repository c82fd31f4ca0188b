import { ApiError } from "../local/support/apiServer.ts";
import { UserError } from "../local/support/errors.ts";
import { KubernetesClient } from "../local/support/kubernetesClient.ts";
import { type JsonObject, textAt } from "../local/support/propertyValues.ts";
import type { PlatformConfig } from "../program/config.ts";
import { type Claim, namespaceRefusal } from "../program/ownership.ts";
import { platformNamespaces } from "../program/platform.ts";
import type { ClusterAccess, Engine } from "./engine.ts";
import type { Settings } from "./stackSettings.ts";

/** A resource as both engines keep it. */
export interface StateResource extends JsonObject {
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
  await checkNamespaces(client, settings, state, platformNamespaces(settings.config));
  await checkRoles(client, settings.config.namespace);
}

/** Throws where a namespace in the state is no longer this state's. */
export async function checkOwnNamespaces(
  client: KubernetesClient,
  settings: Settings,
  state: string | undefined,
): Promise<void> {
  await checkNamespaces(client, settings, state, namespacesIn(resourcesIn(state)).keys());
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
          `the ${kind} ${name} was there before, and this project did not make it; nothing was changed. Choose another \`namespace\` in the stack's settings: the platform's ClusterRoles are named after it`,
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
