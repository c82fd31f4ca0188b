import { KubeConfig } from "@kubernetes/client-node";
import { readKubeconfig } from "./kubeconfig.ts";

/** A kubeconfig for the client library: the one at a path, else the environment's, at a context, else its current one. */
export function clientConfig(path?: string, context?: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromString(JSON.stringify(readKubeconfig(path)), { onInvalidEntry: "filter" });
  if (context !== undefined) config.setCurrentContext(context);
  return config;
}
