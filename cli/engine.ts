import type { PlannedChange } from "../ci/plan.ts";
import type { KubernetesClient } from "../local/support/kubernetesClient.ts";

export const engineNames = ["builtin", "pulumi"] as const;
export type EngineName = (typeof engineNames)[number];

/** How to reach the cluster that a stack is deployed to. */
export interface ClusterAccess {
  /** Path of the kubeconfig. Without it the usual places are searched. */
  kubeconfig?: string;
  context?: string;
  /** Address by which people reach a node. Without it the program takes the API server's. */
  nodeAddress?: string;
  /** Where pods find the API server and DNS, if neither is a pod. Without it the program finds their addresses itself. */
  controlPlaneAddress?: string;
}

export interface Previewed {
  readonly code: number;
  /** Undefined from an engine that makes nothing on Google Cloud. */
  readonly changes?: readonly PlannedChange[];
}

/** What runs the program. Each call shows its progress and returns an exit code. */
export interface Engine {
  readonly name: EngineName;
  preview(options?: { isQuiet?: boolean }): Promise<Previewed>;
  /**
   * Ends early where something in the cluster, if it is known, can never get ready. With `takeOver`, objects that the
   * state does not know are taken over and not refused. With `refresh`, these resources are first read from the cluster.
   */
  up(
    cluster?: KubernetesClient,
    options?: { takeOver?: boolean; refresh?: readonly string[] },
  ): Promise<number>;
  down(options: { keepData: boolean }): Promise<number>;
  /** Forgets the stack without touching its cluster, which is gone. */
  forget(): Promise<void>;
  /** Releases the stack's lock, no matter who holds it. The lock of a dead process on this machine is released automatically. */
  unlock(): Promise<void>;
  /** The whole state as text, secrets in plaintext; nothing before the first `up`. */
  exportState(): Promise<string | undefined>;
  /** Takes such a text for the state, whatever was there before. */
  importState(state: string): Promise<void>;
  /** Outputs of the last `up`, with secrets in plaintext where wanted; empty before the first one. */
  outputs(options: { showSecrets: boolean }): Promise<Record<string, unknown>>;
}
