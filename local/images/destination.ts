import { UserError } from "../support/errors.ts";

/** Where pods look for images, and so where images have to be brought. */
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
  registry: string;
  /** To the registry, whatever the target. */
  push?: boolean | undefined;
}

/**
 * Tells by the context's name how its cluster gets images. Clusters on this machine are loaded directly, every
 * other one pulls from the registry.
 */
export function destinationOf(options: DestinationOptions): Destination {
  const { target, context = "", registry, push = false } = options;
  if (push) return registryDestination(registry, "to push to");
  if (target === "local-cluster" || context === "mlops-local") return { kind: "local-cluster" };
  if (target === "docker") return { kind: "docker" };
  if (target === "minikube" || context === "minikube") {
    return { kind: "minikube", profile: context || "minikube" };
  }
  if (/^(docker-desktop|rancher-desktop|colima|orbstack)$/.test(context)) return { kind: "docker" };
  const [, kind, cluster] = /^(kind|k3d)-(.+)$/.exec(context) ?? [];
  if (cluster) return { kind: kind === "kind" ? "kind" : "k3d", cluster };
  return registryDestination(registry, `that the cluster of the context ${context} pulls from`);
}

function registryDestination(registry: string, purpose: string): Destination {
  // localhost with a port is a registry, without one only a prefix for images that stay here
  if (!/^localhost(\/|$)/.test(registry)) return { kind: "registry" };
  throw new UserError(
    `imageRegistry is ${registry}, but must name a registry ${purpose}; set it in the stack's settings or with --config imageRegistry=example.org/mlops`,
  );
}
