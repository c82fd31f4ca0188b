import { mayReachNode, nodeAccessSchema } from "../nodeAccess.ts";
import { containerName, containersOf, podSpec } from "../podSpecs.ts";
import type { ResourceRule } from "../rule.ts";
import { at, objectsAt, type Values } from "../values.ts";

const hostKeys = ["hostNetwork", "hostPID", "hostIPC"] as const;

export const hostAccess: ResourceRule = {
  name: "host-access",
  description: "Only pods in the namespace of node-exporter have access to their node.",
  level: "mandatory",
  configSchema: { properties: { ...nodeAccessSchema.properties } },
  check: (resource, config) =>
    mayReachNode(resource, config)
      ? []
      : [
          ...namespaceFaults(resource.type, resource.values),
          ...volumeFaults(resource.type, resource.values),
          ...podFaults(resource, podSpec(resource)),
        ],
};

/** A persistent volume that is a folder of a node: any pod that claims it gets access to the node. */
function volumeFaults(type: string, values: Values): string[] {
  const path = at(values, "spec", "hostPath");
  return type === "kubernetes:core/v1:PersistentVolume" && path !== undefined && path !== null
    ? ["is a folder of the node; leave it to a storage class"]
    : [];
}

function namespaceFaults(type: string, values: Values): string[] {
  const level = at(values, "metadata", "labels", "pod-security.kubernetes.io/enforce");
  return type === "kubernetes:core/v1:Namespace" && level === "privileged"
    ? ["lets its pods access their node; label it pod-security.kubernetes.io/enforce: restricted"]
    : [];
}

function podFaults(resource: Parameters<typeof containersOf>[0], spec?: Values): string[] {
  const keys = hostKeys.filter((key) => at(spec, key) === true);
  const folders = objectsAt(spec, "volumes").filter((volume) => {
    const path = at(volume, "hostPath");
    return path !== undefined && path !== null;
  });
  const containers = containersOf(resource).flatMap((container) => {
    const ports = objectsAt(container, "ports").some((port) => Boolean(at(port, "hostPort")));
    const isPrivileged = at(container, "securityContext", "privileged") === true;
    return [
      ...(isPrivileged ? [`${containerName(container)} is privileged`] : []),
      ...(ports ? [`${containerName(container)} takes a hostPort`] : []),
    ];
  });
  return [
    ...keys.map((key) => `its pods use ${key}`),
    ...folders.map((volume) => `volume ${String(at(volume, "name"))} is a folder of the node`),
    ...containers,
  ].map((what) => `${what}; leave it out, or move it to node-exporter's namespace`);
}
