import type { DeclaredResource } from "../ci/brokenPolicies.ts";
import { platformNamespaces } from "../program/platform.ts";
import type { KubernetesClient } from "../local/support/kubernetesClient.ts";
import type { Engine } from "./engine.ts";
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
  const code = await engine.up(client, { takeOver: unknown.length > 0 });
  await finish(code === 0);
  if (code !== 0) await goBack((server) => open(withSettings(settings, server)).up(client));
  return code;
}
