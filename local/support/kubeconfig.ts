import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { KubeConfig, VersionApi } from "@kubernetes/client-node";
import { UserError, messageOf } from "./errors.ts";

/** What a kubeconfig offers. */
export interface KubeContexts {
  current?: string;
  /** URL of the API server by context. */
  servers: Record<string, string>;
}

const answerWithinMs = 5_000;

/** The kubeconfig of the environment, empty where there is none: never a guess such as localhost:8080. */
export function loadKubeconfig(path?: string): KubeConfig {
  const config = new KubeConfig();
  const named = (process.env["KUBECONFIG"] ?? "").split(delimiter).filter(Boolean);
  const usual = named.length > 0 ? named : [join(homedir(), ".kube", "config")];
  const files = path === undefined ? usual.filter((file) => existsSync(file)) : [path];
  for (const file of files) {
    try {
      const one = new KubeConfig();
      one.loadFromFile(file);
      if (file === files[0]) config.loadFromFile(file);
      else config.mergeConfig(one, true);
    } catch (error) {
      throw new UserError(`the kubeconfig ${file} cannot be read: ${messageOf(error)}`);
    }
  }
  return config;
}

export function contextsOf(config: KubeConfig): KubeContexts {
  const servers: Record<string, string> = {};
  for (const { name, cluster } of config.contexts ?? []) {
    servers[name] = config.getCluster(cluster)?.server ?? "an unknown address";
  }
  return { current: config.currentContext || undefined, servers };
}

/** Whether the API server of a context answers within a few seconds. */
export async function answers(config: KubeConfig, context: string): Promise<boolean> {
  config.setCurrentContext(context);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), answerWithinMs);
  });
  const asked = config
    .makeApiClient(VersionApi)
    .getCode()
    .then(
      () => true,
      () => false,
    );
  return await Promise.race([asked, late]).finally(() => clearTimeout(timer));
}
