import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ClusterAccess } from "./engines.ts";
import type { Settings } from "./settings.ts";
import { workFolder } from "./support/cache.ts";
import { UserError } from "./support/errors.ts";
import { run, which } from "./support/process.ts";
import type { Target } from "./target.ts";

export type GkeTarget = Extract<Target, { kind: "gke" }>;

/** What of the program is made before the images can be pushed: their repository. */
export const imageRepositoryTargets = ["**ProjectServices**", "**ImageRepository$gcp:**"];

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

/** The cluster that the last `up` has made. */
export function gkeTarget(settings: Settings, outputs: Record<string, unknown>): GkeTarget {
  return {
    kind: "gke",
    project: settings.config.gcpProject!,
    name: String(outputs["clusterName"]),
    location: String(outputs["clusterLocation"]),
  };
}

/** A kubeconfig of this checkout's own for the cluster: the user's is left as it is. */
export async function gkeAccess({ project, name, location }: GkeTarget): Promise<ClusterAccess> {
  const folder = join(workFolder, "gke");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const kubeconfig = join(folder, `${project}_${location}_${name}.kubeconfig`);
  const where = ["--project", project, "--location", location];
  await run("gcloud", ["container", "clusters", "get-credentials", name, ...where], {
    env: { ...process.env, KUBECONFIG: kubeconfig },
  });
  return { kubeconfig, context: `gke_${project}_${location}_${name}` };
}
