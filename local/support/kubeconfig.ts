import { KubeConfig } from "@kubernetes/client-node";
import { readKubeconfig } from "../../program/kubeconfig.ts";
import { UserError, messageOf } from "./errors.ts";

/** What a kubeconfig offers. */
export interface KubeContexts {
  current?: string;
  /** URL of the API server by context. */
  servers: Record<string, string>;
}

/** The kubeconfig at a path, else the one of the environment; empty where there is none. */
export function loadKubeconfig(path?: string): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromString(JSON.stringify(readKubeconfig(path)), { onInvalidEntry: "filter" });
  } catch (error) {
    throw new UserError(messageOf(error));
  }
  return config;
}

export function contextsOf(config: KubeConfig): KubeContexts {
  const servers: Record<string, string> = {};
  for (const { name, cluster } of config.contexts) {
    servers[name] = config.getCluster(cluster)?.server ?? "an unknown address";
  }
  return { current: config.currentContext || undefined, servers };
}
