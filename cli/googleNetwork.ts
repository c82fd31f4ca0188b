import { UserError } from "../local/support/errors.ts";
import { reported } from "../local/support/progress.ts";
import { run, sleep } from "../local/support/process.ts";

/** Name that Google gives the peering between a network and that of its services. */
const servicePeering = "servicenetworking-googleapis-com";

/** Time in which Google usually deletes what a cluster has left in its network. */
const leftoversMs = 120_000;

/** How a stack is destroyed, and what a failed attempt leaves. */
export interface DestroySteps {
  /** Returns the exit code. */
  readonly destroy: () => Promise<number>;
  /** Returns what `pulumi stack export` prints. */
  readonly state: () => Promise<string>;
}

interface Resource {
  readonly urn: string;
  readonly type: string;
  readonly outputs?: { readonly name?: string; readonly project?: string };
}

/**
 * Destroys a stack even where its network is held by what Pulumi does not manage: the peering that Cloud SQL leaves
 * behind, and parts of load balancers that Google deletes some minutes after the cluster.
 * @param kept URNs of what stays on purpose
 * @returns the exit code of the last attempt
 */
export async function destroyWithNetwork(
  { destroy, state }: DestroySteps,
  kept: readonly string[] = [],
  pauseMs = leftoversMs,
): Promise<number> {
  const left = async () => networkParts(await state(), kept);
  let code = await destroy();
  if (code === 0) return code;
  const network = (await left()).find(({ type }) => type === "gcp:compute/network:Network");
  if (network && (await removePeering(network))) code = await destroy();
  if (code === 0 || (await left()).length === 0) return code;
  await reported("Waiting for Google to delete what the cluster left in its network", () =>
    sleep(pauseMs),
  );
  return await destroy();
}

/** What is left in Google Cloud, if that is nothing but parts of a network. */
function networkParts(exported: string, kept: readonly string[]): Resource[] {
  const { deployment } = JSON.parse(exported) as { deployment: { resources?: Resource[] } };
  const left = (deployment.resources ?? []).filter(
    ({ urn, type }) => /^gcp:(?!projects\/service:)/.test(type) && !kept.includes(urn),
  );
  return left.every(({ type }) => type.startsWith("gcp:compute/")) ? left : [];
}

/**
 * Removes Google's peering from a network, unless an instance of Cloud SQL is in the network: it would be lost.
 * @returns whether there was a peering
 */
async function removePeering({ outputs: { name = "", project = "" } = {} }: Resource) {
  const gcloud = async (words: string[]) =>
    (await run("gcloud", [...words, "--project", project, "--quiet"])).trim();
  const describe = ["compute", "networks", "describe", name, "--format", "value(peerings[].name)"];
  if (!(await gcloud(describe)).includes(servicePeering)) return false;
  const users = `settings.ipConfiguration.privateNetwork ~ /${name}$`;
  const list = ["sql", "instances", "list", "--filter", users, "--format", "value(name)"];
  const instances = (await gcloud(list)).split(/\s+/).join(", ");
  if (instances !== "") {
    throw new UserError(
      `Cloud SQL still uses the network ${name}: ${instances}; delete what this stack did not create and run \`npm run down\` again`,
    );
  }
  await reported(`Removing the peering that Cloud SQL left on the network ${name}`, () =>
    gcloud(["compute", "networks", "peerings", "delete", servicePeering, "--network", name]),
  );
  return true;
}
