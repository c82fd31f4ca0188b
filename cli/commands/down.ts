import { existsSync, rmSync } from "node:fs";
import { services } from "../../components/core/services.ts";
import * as cluster from "../../local/cluster/index.ts";
import {
  type Deployment,
  forgetDeployment,
  isOn,
  listDeployments,
  readDeployment,
} from "../deployment.ts";
import type { ClusterAccess } from "../engine.ts";
import { openEngine } from "../engineChoice.ts";
import { removePins } from "../daskNotebooks.ts";
import { envFile, removeEnvFile } from "../envFile.ts";
import type { KubernetesClient } from "../../local/support/kubernetesClient.ts";
import { requireTools } from "../gcloud.ts";
import { foreignObjects, otherPlatforms } from "../neighbours.ts";
import {
  checkOwnNamespaces,
  connect,
  markedIn,
  namespacesIn,
  resourcesIn,
  type StateResource,
} from "../ownershipCheck.ts";
import { agree, ask, canAsk, Declined } from "../questions.ts";
import { readSettings, type Settings } from "../stackSettings.ts";
import { copyName, copyState } from "../stateCopy.ts";
import { reachDeployment, startTarget } from "../targetAccess.ts";
import { clearUnfinished } from "../unfinishedRun.ts";
import { cacheRoot, removeCache, workFolder } from "../../local/support/cache.ts";
import { UserError } from "../../local/support/errors.ts";
import { reported } from "../../local/support/progress.ts";
import type { Options } from "../commandLine.ts";

interface DownOptions {
  keepData?: boolean;
  deleteData?: boolean;
  cluster?: boolean;
  keepCache?: boolean;
}

/** Removes the platform; a question or an option decides whether its data is kept. */
export async function down(options: Options & DownOptions): Promise<number> {
  if (options.keepCache && !options.cluster) {
    throw new UserError("--keep-cache requires --cluster; add it or leave --keep-cache out");
  }
  const settings = readSettings(options);
  const deployment = readDeployment(settings.stack);
  if (options.cluster === true) return await removeEverything(options, settings, deployment);
  if (!deployment) {
    throw new UserError(
      `the stack ${settings.stack} is not deployed from this checkout, so there is nothing to remove`,
    );
  }
  const keepData = await wantsToKeepData(options, deployment);
  if (keepData && settings.config.dataStores === "cluster") refuseToKeepInGke(deployment);
  const access = await accessToRemove(settings, deployment);
  const code = await removePlatform(settings, deployment, access, keepData);
  if (code !== 0) return code;
  if (deployment.target.kind === "local-cluster") await stopUnused(access, deployment);
  console.log(
    keepData
      ? "The platform is removed and its data kept; `npm run up` brings both back."
      : "The platform and its data are removed.",
  );
  return 0;
}

/** Other stacks, of this checkout or another, may still run on the local cluster. */
async function stopUnused(access: ClusterAccess, { namespace }: Deployment): Promise<void> {
  const others = await otherPlatforms(await connect(access), namespace);
  if (others.length > 0) {
    console.log(`The local cluster keeps running for other stacks: ${others.join(", ")}.`);
    return;
  }
  await reported("Stopping the local cluster", (step) =>
    cluster.stopCluster({ onProgress: (message) => step.update(message) }),
  );
}

async function wantsToKeepData(
  options: Options & DownOptions,
  { namespace }: Deployment,
): Promise<boolean> {
  if (options.keepData) return true;
  if (options.deleteData) {
    await agreeTo(
      options,
      `Delete every experiment, model and artifact in namespace ${namespace}?`,
    );
    return false;
  }
  if (options.yes) return true;
  if (!canAsk()) {
    throw new UserError("choose --keep-data, or --delete-data with --yes");
  }
  const answer = await ask("Keep the data or delete it? [keep/delete/cancel] ");
  if (answer === "keep") return true;
  if (answer === "delete") return false;
  throw new Declined("nothing was removed");
}

function refuseToKeepInGke({ target }: Deployment): void {
  if (target.kind !== "gke") return;
  throw new UserError(
    "the data of this stack is inside the GKE cluster, which is deleted with it; give --delete-data, or set paused to true to keep both and pay for the cluster only",
  );
}

async function agreeTo({ yes }: Options, question: string): Promise<void> {
  if (!yes) await agree(question, "nothing was removed", "confirm with --yes");
}

async function removePlatform(
  settings: Settings,
  deployment: Deployment,
  access: ClusterAccess,
  keepData: boolean,
): Promise<number> {
  const engine = openEngine(deployment.engine, settings, access);
  const isInGke = deployment.target.kind === "gke";
  // a cluster that the program has made goes as a whole
  const client = isInGke ? undefined : await connect(access);
  let made: StateResource[] = [];
  if (client) {
    const state = await engine.exportState();
    await checkOwnNamespaces(client, settings, state);
    const unknown = await clearUnfinished(engine, client, settings, []);
    made = resourcesIn(state);
    const claims = unknown.map((inputs) => ({ urn: "", type: "", inputs, outputs: {} }));
    if (!keepData) await spareOthers(client, [...made, ...claims]);
  }
  const code = await engine.down({ keepData });
  if (code !== 0) return code;
  if (keepData) {
    if (client) await copyState(client, engine, deployment);
    return 0;
  }
  for (const namespace of markedIn(made)) await removeLeftovers(client!, namespace);
  forgetDeployment(settings.stack);
  forgetNotebooks(settings.stack);
  return 0;
}

/** Deletes what `connect` wrote for notebooks of this stack. */
function forgetNotebooks(stack: string): void {
  if (removeEnvFile(envFile, stack)) removePins();
}

/** What goes with a namespace, where that is not the stack's: the copy of the state, and a claim that Helm leaves. */
async function removeLeftovers(client: KubernetesClient, namespace: string): Promise<void> {
  const leftovers = [
    { kind: "Secret", name: copyName },
    { kind: "PersistentVolumeClaim", name: `storage-${services.alertmanager.name}-0` },
  ];
  for (const { kind, name } of leftovers) {
    await client.delete({ apiVersion: "v1", kind, metadata: { name, namespace } }, "Background");
  }
}

/** Kubernetes deletes a namespace with everything in it, including other people's objects. */
async function spareOthers(
  client: KubernetesClient,
  resources: readonly StateResource[],
): Promise<void> {
  for (const namespace of namespacesIn(resources).keys()) {
    const foreign = await foreignObjects(client, namespace, resources);
    if (foreign.length === 0) continue;
    const shown = [...foreign.slice(0, 5), ...(foreign.length > 5 ? ["others"] : [])].join(", ");
    throw new UserError(
      `the namespace ${namespace} holds what this stack did not create, which would be deleted with it: ${shown}; nothing was removed. Move or delete it first, or choose --keep-data`,
    );
  }
}

async function accessToRemove({ stack }: Settings, { target }: Deployment): Promise<ClusterAccess> {
  // what is in a stopped cluster of ours can only be removed while it runs
  if (target.kind === "local-cluster") return await startTarget(target);
  if (target.kind === "gke") {
    requireTools();
    // the program itself knows the cluster that it has made
    return {};
  }
  return (await reachDeployment(stack)).access;
}

/** After this there is nothing of the platform on the machine but the checkout and its packages. */
async function removeEverything(
  options: Options & DownOptions,
  settings: Settings,
  deployment: Deployment | undefined,
): Promise<number> {
  const { keepCache = false } = options;
  await agreeTo(
    options,
    "Delete the local cluster with every experiment, model and artifact in it?",
  );
  if (deployment && deployment.target.kind !== "local-cluster") {
    const access = await accessToRemove(settings, deployment);
    const code = await removePlatform(settings, deployment, access, false);
    if (code !== 0) return code;
  }
  const { folder } = await cluster.clusterStatus();
  await reported("Deleting the local cluster", (step) =>
    cluster.deleteCluster({ programs: !keepCache, onProgress: (message) => step.update(message) }),
  );
  for (const { stack, deployment: one } of listDeployments()) {
    if (!isOn(folder, one)) continue;
    await openEngine(one.engine, { ...settings, stack }, {}).forget();
    forgetDeployment(stack);
    forgetNotebooks(stack);
  }
  if (listDeployments().length === 0) rmSync(workFolder, { recursive: true, force: true });
  if (!keepCache) removeCache();
  console.log(whatIsLeft(keepCache));
  return 0;
}

function whatIsLeft(keepCache: boolean): string {
  if (!existsSync(cacheRoot())) return "Nothing is left.";
  return keepCache
    ? `Nothing remains but the cache in ${cacheRoot()}.`
    : `What remains are files that this project did not create in ${cacheRoot()}.`;
}
