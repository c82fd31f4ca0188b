import type { KubeConfig } from "@kubernetes/client-node";
import { clientConfig } from "../../program/clientConfig.ts";
import { UserError, messageOf } from "./errors.ts";

/** What a kubeconfig offers. */
export interface KubeContexts {
  current?: string;
  /** URL of the API server by context. */
  servers: Record<string, string>;
}

/** The kubeconfig at a path, else the one of the environment, at a context if one is named; empty where there is none. */
export function loadKubeconfig(path?: string, context?: string): KubeConfig {
  try {
    return clientConfig(path, context);
  } catch (error) {
    throw new UserError(messageOf(error));
  }
}

export function contextsOf(config: KubeConfig): KubeContexts {
  const servers: Record<string, string> = {};
  for (const { name, cluster } of config.contexts) {
    servers[name] = config.getCluster(cluster)?.server ?? "an unknown address";
  }
  return { current: config.currentContext || undefined, servers };
}
