import { type Deployment, readDeployment, writeDeployment } from "../deployment.ts";
import { chooseEngine, openEngine } from "../engineChoice.ts";
import type { KubernetesClient } from "../../local/support/kubernetesClient.ts";
import { type JsonObject, textAt } from "../../local/support/propertyValues.ts";
import { claims, connect, namespaceObject, resourcesIn, stackName } from "../ownershipCheck.ts";
import { namespaceRefusal } from "../../program/ownership.ts";
import { stackAnnotation, stateLabel } from "../../components/kubernetes/ownershipMarks.ts";
import { agree } from "../questions.ts";
import { readSettings, type Settings } from "../stackSettings.ts";
import { copyName, keepCopy, readCopy, withNewIds } from "../stateCopy.ts";
import { UserError } from "../../local/support/errors.ts";
import { describeTarget, type Target } from "../target.ts";
import { findTarget, startTarget } from "../targetAccess.ts";
import type { Options } from "../commandLine.ts";

/** Takes a platform back whose state was lost, from the copy in its own namespace. */
export async function recover(options: Options): Promise<number> {
  const settings = readSettings(options);
  const target = await findTarget(options, settings, readDeployment(settings.stack));
  const access = await startTarget(target);
  const client = await connect(access);
  const { namespace } = settings.config;
  const live = await ownNamespace(client, settings);
  const copy = await readCopy(client, namespace);
  if (!copy) {
    throw new UserError(
      `the namespace ${namespace} has no copy of the state in a Secret ${copyName}: only \`npm run up\` keeps one; restore .mlops, or the backend's stack, from a backup`,
    );
  }
  const deployment = { ...copy.deployment, target: sameTarget(copy.deployment, target) };
  const engineName = await chooseEngine({}, settings, deployment.engine);
  const engine = openEngine(engineName, settings, access);
  const claim = claims(settings, await engine.exportState())(namespace);
  if (namespaceRefusal(live, claim) === undefined) {
    throw new UserError(
      `this checkout has the state of the stack ${settings.stack}, so there is nothing to take back; go on with \`npm run up\``,
    );
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

/** The platform's namespace, where the stack made it. */
async function ownNamespace(client: KubernetesClient, settings: Settings): Promise<JsonObject> {
  const { namespace } = settings.config;
  const live = await client.get(namespaceObject(namespace));
  const owner = textAt(live, "metadata", "annotations", stackAnnotation);
  if (live && owner === stackName(settings)) return live;
  const found = !live
    ? "is not in this cluster"
    : owner === undefined
      ? "holds no platform with a mark of its stack"
      : `belongs to the stack ${owner}`;
  throw new UserError(
    `the namespace ${namespace} ${found}, so it cannot be taken back as ${stackName(settings)}; name its stack with --stack, its namespace with --config namespace=NAME, and its cluster with --context`,
  );
}

/** The provider in the state is named after its context: under another name it would replace every object. */
function sameTarget({ target: before }: Deployment, now: Target): Target {
  if (before.kind === "gke") return before;
  if (before.kind === "context" && now.kind === "context" && before.context !== now.context) {
    throw new UserError(
      `the platform was deployed through a context called ${before.context}, and every object would be replaced through another; rename yours: kubectl config rename-context ${now.context} ${before.context}`,
    );
  }
  return now;
}

const agreeTo = ({ stack }: Settings, target: Target) =>
  agree(
    `Take the stack ${stack} on ${describeTarget(target)} back? Another checkout that still has its state can no longer change it.`,
    "nothing was taken back",
    "confirm with --yes",
  );

/** From now on the other states are refused. */
async function markNamespaces(client: KubernetesClient, state: string): Promise<void> {
  const resources = resourcesIn(state);
  const namespaces = resources.filter(({ type }) => type === "kubernetes:core/v1:Namespace");
  for (const { inputs } of namespaces) {
    const [name, id] = [
      textAt(inputs, "metadata", "name"),
      textAt(inputs, "metadata", "labels", stateLabel),
    ];
    if (name === undefined || id === undefined) continue;
    await client.request(
      "PATCH",
      `/api/v1/namespaces/${name}`,
      { metadata: { labels: { [stateLabel]: id } } },
      "application/merge-patch+json",
    );
  }
}
