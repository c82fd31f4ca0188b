import { type Deployment, readDeployment, writeDeployment } from "../deployment.ts";
import { chooseEngine, openEngine } from "../engineChoice.ts";
import type { Engine } from "../engine.ts";
import type { KubernetesClient } from "../../local/support/kubernetesClient.ts";
import { objectAt, textAt } from "../../local/support/propertyValues.ts";
import { claims, connect, markedObject, resourcesIn, stackName } from "../ownershipCheck.ts";
import { namespaceRefusal } from "../../program/ownership.ts";
import { platformNamespaces } from "../../program/platform.ts";
import { stackAnnotation, stateLabel } from "../../components/kubernetes/ownershipMarks.ts";
import { agree } from "../questions.ts";
import { readSettings, type Settings } from "../stackSettings.ts";
import { copyName, keepCopy, readCopy, withNewIds } from "../stateCopy.ts";
import { UserError } from "../../local/support/errors.ts";
import { describeTarget, type Target } from "../target.ts";
import { findTarget, startTarget } from "../targetAccess.ts";
import { clearUnfinished } from "../unfinishedRun.ts";
import type { Options } from "../commandLine.ts";

/** Takes a platform back whose state was lost, or unlocks one that a killed run has left in the middle. */
export async function recover(options: Options): Promise<number> {
  const settings = readSettings(options);
  const remembered = readDeployment(settings.stack);
  const target = await findTarget(options, settings, remembered);
  const access = await startTarget(target);
  const client = await connect(access);
  const engineOf = async (deployment: Deployment) =>
    openEngine(await chooseEngine({}, settings, deployment.engine), settings, access);
  if (remembered) {
    const engine = await engineOf(remembered);
    if (await isStillHere(engine, client, settings))
      return await unlock(engine, client, settings, options);
  }
  const { namespace } = settings.config;
  await refuseOthers(client, settings);
  const copy = await readCopy(client, namespace);
  if (!copy) {
    throw new UserError(
      `the namespace ${namespace} has no copy of the state in a Secret ${copyName}: only \`npm run up\` keeps one; restore .mlops, or the backend's stack, from a backup`,
    );
  }
  const deployment = { ...copy.deployment, target: sameTarget(copy.deployment, target) };
  const engine = await engineOf(deployment);
  // without .mlops a backend of the user's may still have it
  if (await isStillHere(engine, client, settings)) {
    writeDeployment(settings.stack, deployment);
    return await unlock(engine, client, settings, options);
  }
  if (options.yes !== true) await agreeTo(settings, target);
  const state = withNewIds(copy.state);
  await engine.importState(state);
  writeDeployment(settings.stack, deployment);
  await markNamespaces(client, state);
  await keepCopy(client, { deployment, state });
  console.log(
    `This checkout has the state of the stack ${settings.stack} again, with its passwords; go on with \`npm run up\` or \`npm run connect\`.`,
  );
  return 0;
}

/** Whether the engine has the state of what is deployed. */
async function isStillHere(
  engine: Engine,
  client: KubernetesClient,
  settings: Settings,
): Promise<boolean> {
  const { namespace } = settings.config;
  const live = await client.get(markedObject(settings.config));
  const claim = claims(settings, await engine.exportState())(namespace);
  return live === undefined || namespaceRefusal(live, claim) === undefined;
}

/** Makes the stack usable again after a run that was killed. */
async function unlock(
  engine: Engine,
  client: KubernetesClient,
  settings: Settings,
  { yes }: Options,
): Promise<number> {
  if (yes !== true) {
    await agree(
      "This checkout has the state. Unlock it? End any run that is still active first.",
      "nothing was unlocked",
      "confirm with --yes",
    );
  }
  await engine.unlock();
  await clearUnfinished(engine, client, settings, platformNamespaces(settings.config));
  console.log("The stack can be used again; go on with `npm run up` or `npm run down`.");
  return 0;
}

/** Throws where the namespace is not one that this stack made. */
async function refuseOthers(client: KubernetesClient, settings: Settings): Promise<void> {
  const { namespace } = settings.config;
  const live = await client.get(markedObject(settings.config));
  const owner = textAt(live, "metadata", "annotations", stackAnnotation);
  if (live && owner === stackName(settings)) return;
  const found = !live
    ? "is not in this cluster"
    : owner === undefined
      ? "holds no platform with a mark of its stack"
      : `belongs to the stack ${owner}`;
  throw new UserError(
    `the namespace ${namespace} ${found}, so it cannot be recovered as ${stackName(settings)}; name its stack with --stack, its namespace with --config namespace=NAME, and its cluster with --context`,
  );
}

/** The provider in the state is named after its context: under another name it would replace every object. */
function sameTarget({ target: before }: Deployment, now: Target): Target {
  if (before.kind === "gke") return before;
  if (before.kind === "context" && now.kind === "context" && before.context !== now.context) {
    throw new UserError(
      `the platform was deployed through a context called ${before.context}, and with another one every object would be replaced; rename yours: kubectl config rename-context ${now.context} ${before.context}`,
    );
  }
  return now;
}

const agreeTo = ({ stack }: Settings, target: Target) =>
  agree(
    `Recover the stack ${stack} on ${describeTarget(target)}? Another checkout that still has its state can no longer change it.`,
    "nothing was recovered",
    "confirm with --yes",
  );

/** From now on the other states are refused. */
async function markNamespaces(client: KubernetesClient, state: string): Promise<void> {
  for (const { inputs } of resourcesIn(state)) {
    const id = textAt(inputs, "metadata", "labels", stateLabel);
    if (id === undefined) continue;
    const { name, namespace } = objectAt(inputs, "metadata") as Record<string, string>;
    const path = namespace === undefined ? name : `${namespace}/configmaps/${name}`;
    await client.request(
      "PATCH",
      `/api/v1/namespaces/${path}`,
      { metadata: { labels: { [stateLabel]: id } } },
      "application/merge-patch+json",
    );
  }
}
