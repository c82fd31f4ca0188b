import type { KubeConfig } from "@kubernetes/client-node";
import { UserError } from "../local/support/errors.ts";

/** Context name of the cluster that this project starts itself. */
export const localContext = "mlops-local";

/** Where the platform is deployed to. */
export type Target =
  /** The cluster that this project builds and runs on this machine. */
  | { readonly kind: "local-cluster"; readonly folder: string }
  /** Minikube, which has to be started first. */
  | { readonly kind: "minikube" }
  /** The cluster on Google Cloud that the program makes. */
  | {
      readonly kind: "gke";
      readonly project: string;
      readonly location: string;
      /** Known once an `up` has ended well. */
      readonly name?: string;
    }
  /** A cluster that someone else runs. */
  | { readonly kind: "context"; readonly context: string; readonly server: string };

/** What a kubeconfig offers. */
export interface KubeContexts {
  current?: string;
  /** URL of the API server by context. */
  servers: Record<string, string>;
}

export function contextsOf(config: KubeConfig): KubeContexts {
  const servers: Record<string, string> = {};
  for (const { name, cluster } of config.contexts) {
    servers[name] = config.getCluster(cluster)?.server ?? "an unknown address";
  }
  return { current: config.currentContext || undefined, servers };
}

/** All that the decision depends on. */
export interface Surroundings {
  contexts: KubeContexts;
  /** Context asked for with `--context`, or in the stack's settings. */
  wantedContext?: string;
  /** `--local-cluster` */
  wantsLocalCluster: boolean;
  /** Where this stack was deployed to before. */
  remembered?: Target;
  hasMinikube: boolean;
  /** Linux, as root: what the local cluster needs. */
  canRunLocalCluster: boolean;
  /** Where the local cluster keeps its data: there is one per cache folder. */
  localClusterFolder: string;
  /** Why a context cannot be used, with the fix; undefined where its API server answers. */
  problemOf: (context: string) => Promise<string | undefined>;
}

/**
 * Decides where to deploy: what is asked for, else where this stack already is, else the kubeconfig's current
 * context, else Minikube, else the local cluster.
 * @throws UserError where no cluster is available, with the fix.
 */
export async function decideTarget(around: Surroundings): Promise<Target> {
  const { wantedContext, wantsLocalCluster, remembered } = around;
  if (wantsLocalCluster && wantedContext !== undefined && wantedContext !== localContext) {
    throw new UserError(
      `--local-cluster and the context ${wantedContext} exclude each other; give one of them`,
    );
  }
  if (wantsLocalCluster || wantedContext === localContext) {
    return staysOn(remembered, localCluster(around));
  }
  if (wantedContext !== undefined) return staysOn(remembered, await named(wantedContext, around));
  if (remembered) return await again(remembered, around);
  const current = around.contexts.current;
  if (current !== undefined && current !== localContext)
    return await currentContext(current, around);
  if (around.hasMinikube) return { kind: "minikube" };
  return localCluster(around);
}

/** The local cluster opens its ports to this machine only, so that another address would lead nowhere. */
export function checkNodeAddress({ config }: { config: { nodeAddress?: string } }): void {
  const { nodeAddress = "127.0.0.1" } = config;
  if (nodeAddress === "127.0.0.1") return;
  throw new UserError(
    `nodeAddress is ${nodeAddress}, but the local cluster opens its ports on 127.0.0.1 only; leave nodeAddress out of this stack's settings, or deploy to another cluster with --context NAME`,
  );
}

/** The target in one line for people. */
export function describeTarget(target: Target): string {
  switch (target.kind) {
    case "local-cluster":
      return `the local cluster on this machine (${target.folder})`;
    case "minikube":
      return "Minikube";
    case "gke":
      return `the GKE cluster ${target.name ?? "that was begun"} in ${target.location} of the project ${target.project}`;
    case "context":
      return `the context ${target.context} at ${target.server}`;
  }
}

async function named(context: string, around: Surroundings): Promise<Target> {
  const server = around.contexts.servers[context];
  if (server === undefined) {
    const names = Object.keys(around.contexts.servers);
    throw new UserError(
      `the context ${context} is not in the kubeconfig; ${
        names.length > 0 ? `it has ${names.join(", ")}` : "there is none, so set KUBECONFIG"
      }`,
    );
  }
  const problem = await around.problemOf(context);
  if (problem !== undefined) throw unusable(context, problem);
  return { kind: "context", context, server };
}

async function currentContext(context: string, around: Surroundings): Promise<Target> {
  const server = around.contexts.servers[context];
  const problem = await around.problemOf(context);
  if (server !== undefined && problem === undefined) return { kind: "context", context, server };
  if (context === "minikube" && around.hasMinikube) return { kind: "minikube" };
  throw unusable(context, problem ?? "the kubeconfig has no address for it; add it");
}

async function again(remembered: Target, around: Surroundings): Promise<Target> {
  switch (remembered.kind) {
    case "local-cluster":
      return staysOn(remembered, localCluster(around));
    case "minikube":
      return remembered;
    case "gke":
      throw new UserError(
        `this stack has ${describeTarget(remembered)}; set cluster to gke again, or remove it with \`npm run down\` first`,
      );
    case "context":
      return await named(remembered.context, around);
  }
}

function localCluster(around: Surroundings): Target {
  if (around.canRunLocalCluster)
    return { kind: "local-cluster", folder: around.localClusterFolder };
  throw new UserError(
    around.wantsLocalCluster
      ? "the local cluster needs Linux and root; run the command with sudo, or start Minikube (`minikube start`)"
      : "there is no Kubernetes here: no context in the kubeconfig and no minikube on PATH; install Minikube (https://minikube.sigs.k8s.io/docs/start) and run this again, or run it as root on Linux for a dedicated cluster",
  );
}

/** The state knows the objects of one cluster: on another one they would all be missing. */
export function staysOn(remembered: Target | undefined, wanted: Target): Target {
  if (remembered === undefined || identity(remembered) === identity(wanted)) return wanted;
  throw new UserError(
    `this stack is deployed to ${describeTarget(remembered)}; remove it with \`npm run down\` first, or give another --stack`,
  );
}

/** Minikube is the same cluster whether it had to be started or not. */
function identity(target: Target): string {
  switch (target.kind) {
    case "local-cluster":
      return `${target.kind} ${target.folder}`;
    case "minikube":
      return "context minikube";
    case "gke":
      return "gke";
    case "context":
      return `context ${target.context}`;
  }
}

function unusable(context: string, problem: string): UserError {
  return new UserError(
    `the context ${context}: ${problem}, choose another context with --context NAME, or take a cluster of this machine with --local-cluster`,
  );
}
