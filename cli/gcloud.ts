import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { usesOwnRegistry } from "../program/images.ts";
import type { ClusterAccess } from "./engine.ts";
import type { Settings } from "./stackSettings.ts";
import { workFolder } from "../local/support/cache.ts";
import { UserError } from "../local/support/errors.ts";
import { CommandError, run, sleep, which } from "../local/support/process.ts";
import type { Target } from "./target.ts";

export type GkeTarget = Extract<Target, { kind: "gke" }>;

const pollMs = 5_000;

const tools: Readonly<Record<string, string>> = {
  pulumi: "install it (https://www.pulumi.com/docs/install)",
  gcloud: "install it (https://cloud.google.com/sdk/docs/install)",
  "gke-gcloud-auth-plugin": "run `gcloud components install gke-gcloud-auth-plugin`",
};

/** @throws UserError that names what a deployment to Google Cloud lacks, before anything is made. */
export function requireTools(): void {
  for (const [tool, fix] of Object.entries(tools)) {
    if (!which(tool)) {
      throw new UserError(`a cluster on Google Cloud needs ${tool}, which is not on PATH; ${fix}`);
    }
  }
}

/** The cluster that a stack makes, and its name once it is among the outputs. */
export function gkeTarget({ config }: Settings, outputs: Record<string, unknown> = {}): GkeTarget {
  const { clusterName } = outputs;
  return {
    kind: "gke",
    project: config.gcpProject!,
    location: config.gkeZone ?? config.gcpRegion!,
    ...(typeof clusterName === "string" ? { name: clusterName } : {}),
  };
}

/** Whether the images can be pushed: the program makes their repository, unless the settings name a registry. */
export async function registryExists({ config }: Settings): Promise<boolean> {
  if (!usesOwnRegistry(config)) return true;
  const where = ["--project", config.gcpProject!, "--location", config.gcpRegion!];
  try {
    await run("gcloud", ["artifacts", "repositories", "describe", "mlops", ...where]);
    return true;
  } catch (error) {
    if (error instanceof CommandError && /NOT_FOUND|SERVICE_DISABLED/.test(error.output)) {
      return false;
    }
    throw error;
  }
}

/** Waits until there is a place for the images; false where `isOver` comes first. */
export async function registryAppears(settings: Settings, isOver: AbortSignal): Promise<boolean> {
  while (!isOver.aborted) {
    if (await registryExists(settings)) return true;
    await sleep(pollMs);
  }
  return await registryExists(settings);
}

/** A kubeconfig of this checkout's own for the cluster: the user's is left as it is. */
export async function gkeAccess({ project, name, location }: GkeTarget): Promise<ClusterAccess> {
  if (name === undefined) {
    throw new UserError("the last `up` of this stack did not end well; run `npm run up` again");
  }
  const folder = join(workFolder, "gke");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const kubeconfig = join(folder, `${project}_${location}_${name}.kubeconfig`);
  const where = ["--project", project, "--location", location];
  await run("gcloud", ["container", "clusters", "get-credentials", name, ...where], {
    env: { ...process.env, KUBECONFIG: kubeconfig },
  });
  return { kubeconfig, context: `gke_${project}_${location}_${name}` };
}
