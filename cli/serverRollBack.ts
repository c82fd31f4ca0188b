import { services } from "../components/index.ts";
import type { KubernetesClient } from "../local/support/kubernetesClient.ts";
import { type JsonObject, objectAt, textAt } from "../local/support/propertyValues.ts";
import { sleep } from "../local/support/process.ts";
import type { PlatformConfig } from "../program/settings.ts";
import { deleteJob, runJob } from "./backupJobs.ts";

const job = "mlflow-roll-back";
const stoppedWithinMs = 60_000;

/** The settings that deploy a server again. */
export type ServerSettings = Pick<
  PlatformConfig,
  | "trackingImage"
  | "trackingMlflowVersion"
  | "trackingResources"
  | "trackingNodeSelector"
  | "trackingTolerations"
>;

/** Deploys the stack with this server, and returns an exit code. */
type Deploy = (server: ServerSettings) => Promise<number>;

/**
 * Remembers the tracking server that runs before a deployment. If the deployment replaces it with another version that
 * never becomes ready, the returned function rolls back: first the databases, then the earlier version.
 */
export async function rememberServer(
  client: KubernetesClient,
  namespace: string,
): Promise<(deploy: Deploy) => Promise<void>> {
  const [before] = (await serversIn(client, namespace)).filter(isAvailable);
  return async (deploy) => {
    // a cluster that does not answer is what the deployment has failed with
    const now = await serversIn(client, namespace).catch(() => []);
    const failed = now.find((server) => !isAvailable(server));
    if (!before || !failed || now.some((server) => nameOf(server) === nameOf(before))) return;
    const migration = await migrationWith(client, namespace, imageOf(failed));
    if (!migration) return;
    const [earlier, later] = [before, failed].map(versionOf);
    console.error(`MLflow ${later} cannot start; going back to ${earlier}`);
    await stop(client, namespace, nameOf(failed));
    const words = ["roll-back", "--from", later!];
    const isBack =
      (await rollBack(client, namespace, migration, words)) &&
      (await deploy(settingsOf(before))) === 0;
    console.error(
      isBack
        ? `error: MLflow ${later} could not start, so ${earlier} serves again with the data from before the upgrade; fix the cause, which is above, and run \`npm run up\` again`
        : `error: MLflow ${later} could not start, and neither could ${earlier}; see docs/how-to/upgrade.md, "Go back"`,
    );
  };
}

const labels = `app.kubernetes.io/name%3D${services.tracking.name}`;
const deployments = (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/deployments`;

async function serversIn(client: KubernetesClient, namespace: string): Promise<JsonObject[]> {
  const path = `${deployments(namespace)}?labelSelector=${labels}`;
  return (await client.request("GET", path))["items"] as JsonObject[];
}

const nameOf = (object: JsonObject): string => textAt(object, "metadata", "name")!;
/** `mlflow-3-18-0` is of 3.18.0. */
const versionOf = (server: JsonObject): string => nameOf(server).split("-").slice(-3).join(".");
const isAvailable = (server: JsonObject): boolean =>
  Number(objectAt(server, "status")["availableReplicas"] ?? 0) > 0;

const podOf = (workload: JsonObject) => objectAt(workload, "spec", "template", "spec");
const containersOf = (workload: JsonObject) => podOf(workload)["containers"] as JsonObject[];
const imageOf = (workload: JsonObject): string => textAt(containersOf(workload)[0], "image")!;

/** Its version, and what decides where it fits: that may be what has changed with the version. */
function settingsOf(server: JsonObject): ServerSettings {
  const { nodeSelector = {}, tolerations = [] } = podOf(server);
  const { requests, limits } = objectAt(containersOf(server)[0], "resources");
  const [requested, most] = [requests, limits] as Record<string, string>[];
  return {
    trackingImage: imageOf(server),
    trackingMlflowVersion: versionOf(server),
    trackingNodeSelector: nodeSelector as JsonObject,
    trackingTolerations: tolerations as JsonObject[],
    trackingResources: {
      cpuRequest: requested!["cpu"]!,
      cpuLimit: most!["cpu"]!,
      memoryRequest: requested!["memory"]!,
      memoryLimit: most!["memory"]!,
    },
  };
}

/** The Job that has migrated for a server: its pod reaches both databases, and has run where the server may not fit. */
async function migrationWith(
  client: KubernetesClient,
  namespace: string,
  image: string,
): Promise<JsonObject | undefined> {
  const path = `/apis/batch/v1/namespaces/${namespace}/jobs?labelSelector=${labels}`;
  const jobs = (await client.request("GET", path))["items"] as JsonObject[];
  return jobs.find((one) => imageOf(one) === image && objectAt(one, "status")["succeeded"] === 1);
}

/** A server that starts again and again would take part in what follows. */
async function stop(client: KubernetesClient, namespace: string, name: string): Promise<void> {
  await client.request(
    "PATCH",
    `${deployments(namespace)}/${name}/scale`,
    { spec: { replicas: 0 } },
    "application/merge-patch+json",
  );
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${labels},app.kubernetes.io/component%3Dserver`;
  const end = Date.now() + stoppedWithinMs;
  while (Date.now() < end) {
    if (((await client.request("GET", path))["items"] as JsonObject[]).length === 0) return;
    await sleep(1_000);
  }
}

async function rollBack(
  client: KubernetesClient,
  namespace: string,
  migration: JsonObject,
  args: string[],
): Promise<boolean> {
  const site = { client, namespace };
  const pod = podOf(migration);
  const containers = containersOf(migration).map((one) => ({ ...one, args }));
  const { "app.kubernetes.io/name": name } = objectAt(migration, "metadata", "labels");
  const spec = {
    backoffLimit: 2,
    activeDeadlineSeconds: 120,
    template: {
      // may reach what the migration reaches
      metadata: { labels: { "app.kubernetes.io/name": name } },
      spec: { ...pod, containers },
    },
  } as JsonObject;
  const code = await runJob(site, job, { spec }, (line) => console.error(`  ${line}`));
  await deleteJob(site, job);
  return code === 0;
}
