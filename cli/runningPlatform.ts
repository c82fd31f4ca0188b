import type { KubeConfig } from "@kubernetes/client-node";
import type { Deployment } from "./deployment.ts";
import { openEngine } from "./engineChoice.ts";
import type { Options } from "./commandLine.ts";
import { endpoints, reach, type Reached } from "./platformEndpoints.ts";
import { readSettings, type Settings } from "./stackSettings.ts";
import { reachDeployment } from "./targetAccess.ts";
import { UserError } from "../local/support/errors.ts";
import { loadKubeconfig } from "../local/support/loadKubeconfig.ts";

/** A running platform, as the commands that use it see it. */
export interface RunningPlatform {
  readonly settings: Settings;
  readonly deployment: Deployment;
  readonly kubeconfig: KubeConfig;
  /** Outputs of the stack, secrets in plaintext. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** Opens the platform that was deployed from this checkout. */
export async function openPlatform(options: Options): Promise<RunningPlatform> {
  const settings = readSettings(options);
  const { deployment, access } = await reachDeployment(settings.stack);
  const kubeconfig = loadKubeconfig(access.kubeconfig, access.context);
  const outputs = await openEngine(deployment.engine, settings, access).outputs({
    showSecrets: true,
  });
  if (Object.keys(outputs).length === 0) {
    throw new UserError(
      `the last \`up\` of the stack ${settings.stack} failed, so it has no outputs; run \`npm run up\` again`,
    );
  }
  return { settings, deployment, kubeconfig, outputs };
}

/** MLflow as this machine reaches it; to be closed. */
export function reachTracking(platform: RunningPlatform): Promise<Reached> {
  const { kubeconfig, deployment, outputs } = platform;
  const { tracking } = endpoints;
  const url = String(outputs[tracking.output]);
  return reach({ ...tracking, url }, { kubeconfig, namespace: deployment.namespace });
}
