import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
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

/** A deployment whose program itself makes the place that its images are pulled from. */
export interface DeploymentSteps {
  registryExists(): Promise<boolean>;
  /** Waits for it; false where `isOver` comes first. */
  registryAppears(isOver: AbortSignal): Promise<boolean>;
  push(): Promise<void>;
  /** Gives the exit code. */
  deploy(): Promise<number>;
}

/** The images go ahead of the pods; the first time next to the cluster, which takes longer to make than they do. */
export async function deployWithImages(steps: DeploymentSteps): Promise<number> {
  if (await steps.registryExists()) {
    await steps.push();
    return await steps.deploy();
  }
  const isOver = new AbortController();
  const pushing = steps.registryAppears(isOver.signal).then(async (exists) => {
    if (exists) await steps.push();
  });
  // errors there are reported once the deployment has ended
  pushing.catch(() => {});
  const code = await steps.deploy().finally(() => isOver.abort());
  await pushing;
  return code;
}

/** A kubeconfig of this checkout's own for the cluster: the user's is left as it is. */
export async function gkeAccess({ project, name, location }: GkeTarget): Promise<ClusterAccess> {
  if (name === undefined) {
    throw new UserError("the last `up` of this stack failed; run `npm run up` again");
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

/** Where Google's libraries look before they ask the machine that they run on. */
const loginVariables = [
  "GOOGLE_APPLICATION_CREDENTIALS",
  "GOOGLE_CREDENTIALS",
  "GOOGLE_CLOUD_KEYFILE_JSON",
  "GCLOUD_KEYFILE_JSON",
  "GOOGLE_OAUTH_ACCESS_TOKEN",
];

/**
 * What a preview adds to the environment. Google's provider refuses to start without credentials, though a preview
 * asks Google nothing: where there are none, it is given a token that opens nothing.
 */
export function previewVariables(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const settings = env["CLOUDSDK_CONFIG"] ?? join(env["HOME"] ?? homedir(), ".config", "gcloud");
  const isLoggedIn =
    loginVariables.some((name) => env[name]) ||
    existsSync(join(settings, "application_default_credentials.json"));
  if (isLoggedIn) return {};
  return {
    GOOGLE_OAUTH_ACCESS_TOKEN: "none",
    // it would ask Google for the regions, and warn
    PULUMI_GCP_SKIP_REGION_VALIDATION: "true",
  };
}
