import type { KubeConfig } from "@kubernetes/client-node";
import { clientConfig } from "../../program/clientConfig.ts";
import { UserError, messageOf } from "./errors.ts";

/** The kubeconfig at a path, else the one of the environment, at a context if one is named; empty where there is none. */
export function loadKubeconfig(path?: string, context?: string): KubeConfig {
  try {
    return clientConfig(path, context);
  } catch (error) {
    throw new UserError(messageOf(error));
  }
}
