import type { DeclaredResource } from "../ci/brokenPolicies.ts";
import { platformNamespaces } from "../program/platform.ts";
import type { KubernetesClient } from "../local/support/kubernetesClient.ts";
import { isChangedByHand } from "../local/support/changedByHand.ts";
import type { Engine } from "./engine.ts";
import { isObject } from "../local/support/propertyValues.ts";
import { resourcesIn } from "./ownershipCheck.ts";
import { preparePostgres } from "./postgresUpgrade.ts";
import { rememberServer } from "./serverRollBack.ts";
import { type Settings, withSettings } from "./stackSettings.ts";
import { clearUnfinished } from "./unfinishedRun.ts";

/**
 * Deploys a stack to a cluster that may have its platform already: what a killed run has left is cleared away, Postgres
 * can read its data, and an MLflow that cannot start makes room for the one before.
 * @returns an exit code.
 */
export async function deployTo(
  client: KubernetesClient,
  settings: Settings,
  open: (settings: Settings) => Engine,
  {
    declared,
    upgradePostgres,
  }: { declared: readonly DeclaredResource[]; upgradePostgres: boolean },
): Promise<number> {
  const engine = open(settings);
  const { namespace } = settings.config;
  const finish = await preparePostgres(client, namespace, declared, upgradePostgres);
  const namespaces = platformNamespaces(settings.config);
  const unknown = await clearUnfinished(engine, client, settings, namespaces);
  const goBack = await rememberServer(client, namespace);
  const refresh = await changedResources(engine, client);
  const code = await engine.up(client, { takeOver: unknown.length > 0, refresh });
  await finish(code === 0);
  if (code !== 0) await goBack((server) => open(withSettings(settings, server)).up(client));
  return code;
}

/** URNs of the objects that `kubectl scale` or an editor has changed: the Pulumi CLI compares settings with its state only. */
async function changedResources(engine: Engine, client: KubernetesClient): Promise<string[]> {
  // the other engine looks for itself
  if (engine.name !== "pulumi") return [];
  const resources = resourcesIn(await engine.exportState());
  // components have no inputs
  const objects = resources.filter(({ inputs }) => isObject(inputs) && "spec" in inputs);
  const urns = objects.map(async ({ urn, inputs }) => {
    const live = await client.get(inputs);
    return live && isChangedByHand(live, inputs) ? [urn] : [];
  });
  return (await Promise.all(urns)).flat();
}
