import type { OwnCluster } from "../../program/ownCluster.ts";
import { UserError } from "../support/errors.ts";

/** Where pods get their images, so where images are delivered. */
export type Destination =
  /** The cluster that this project runs itself. */
  | { readonly kind: "local-cluster" }
  /** A cluster that shares Docker's own images, such as Docker Desktop's. */
  | { readonly kind: "docker" }
  | { readonly kind: "kind"; readonly cluster: string }
  | { readonly kind: "k3d"; readonly cluster: string }
  | { readonly kind: "minikube"; readonly profile: string }
  | { readonly kind: "registry" };

export interface DestinationOptions {
  target: "local-cluster" | "minikube" | "docker" | "context";
  /** Context of the kubeconfig, with target `context`. */
  context?: string | undefined;
  /** What runs that context's cluster on this machine; undefined for every other cluster. */
  own?: OwnCluster | undefined;
  registry: string;
  /** To the registry, whatever the target. */
  push?: boolean | undefined;
}

/** How a cluster gets images: loaded directly on this machine where that is possible, else pulled. */
export function destinationOf(options: DestinationOptions): Destination {
  const { target, context = "", own, registry, push = false } = options;
  if (push) return registryDestination(registry, "to push to");
  if (target === "local-cluster" || target === "docker") return { kind: target };
  if (target === "minikube") return { kind: "minikube", profile: "minikube" };
  // a cluster that runs on the host itself has its own image store, which no common tool can fill
  if (own && own.kind !== "machine") return own;
  return registryDestination(registry, `that the cluster of the context ${context} pulls from`);
}

function registryDestination(registry: string, purpose: string): Destination {
  // localhost with a port is a registry, without one only a prefix for images that stay here
  if (!/^localhost(\/|$)/.test(registry)) return { kind: "registry" };
  throw new UserError(
    `imageRegistry is ${registry}, but must name a registry ${purpose}; set it in the stack's settings or with --config imageRegistry=example.org/mlops`,
  );
}
