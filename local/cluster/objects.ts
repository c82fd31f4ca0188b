import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { apply, type Api } from "./api.ts";
import { clusterName, metricsPort, type ClusterPaths } from "./clusterLayout.ts";
import { provisioner } from "./configs.ts";

const rbac = "rbac.authorization.k8s.io";

const subjectOf = (kind: "User" | "Group", name: string) => ({ apiGroup: rbac, kind, name });

const binding = (name: string, role: string, kind: "User" | "Group" = "User") => ({
  path: `/apis/${rbac}/v1/clusterrolebindings/${encodeURIComponent(`${name}:${role}`)}`,
  object: {
    apiVersion: `${rbac}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name: `${name}:${role}` },
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name: role },
    subjects: [subjectOf(kind, name)],
  },
});

const listed = ["get", "list", "watch"];

/** What one of the cluster's own processes may do, as the user of its certificate. */
const rights = (name: string, resources: Record<string, string[]>) => [
  {
    path: `/apis/${rbac}/v1/clusterroles/${name}`,
    object: {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRole",
      metadata: { name },
      rules: Object.entries(resources).map(([group, names]) => ({
        apiGroups: [group],
        resources: names,
        verbs: listed,
      })),
    },
  },
  binding(name, name),
];

const metrics = { group: "metrics.k8s.io", version: "v1beta1" };
export const metricsApi = `/apis/${metrics.group}/${metrics.version}`;
const metricsServer = { name: "metrics-server", namespace: "kube-system" };
const metricsUser = `${clusterName}:metrics-server`;

/** What a fresh cluster lacks: a storage class, the metrics API, and the rights of the node and of our own processes. */
const objects = (caBundle: string) => [
  {
    path: "/apis/storage.k8s.io/v1/storageclasses/standard",
    object: {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: {
        name: "standard",
        annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
      },
      provisioner,
      reclaimPolicy: "Delete",
      // There is only one node, so nothing is gained by waiting for the pod.
      volumeBindingMode: "Immediate",
    },
  },
  // The usual Node authorizer learns of a new pod's claims a moment after kubelet asks for them, and a
  // refused kubelet waits 15 s. It keeps nodes from each other's secrets; here there is one node.
  binding("system:nodes", "system:node", "Group"),
  binding(`${clusterName}:volumes`, "system:persistent-volume-provisioner"),
  ...rights(`${clusterName}:dns`, {
    "": ["services", "namespaces"],
    "discovery.k8s.io": ["endpointslices"],
  }),
  ...rights(`${clusterName}:network-policies`, {
    "": ["pods", "namespaces", "nodes"],
    "networking.k8s.io": ["networkpolicies"],
  }),
  ...rights(metricsUser, { "": ["pods", "nodes", "nodes/metrics"] }),
  binding(metricsUser, "system:auth-delegator"),
  {
    path: `/apis/${rbac}/v1/namespaces/kube-system/rolebindings/${encodeURIComponent(metricsUser)}`,
    object: {
      apiVersion: `${rbac}/v1`,
      kind: "RoleBinding",
      metadata: { name: metricsUser, namespace: "kube-system" },
      roleRef: {
        apiGroup: rbac,
        kind: "Role",
        name: "extension-apiserver-authentication-reader",
      },
      subjects: [subjectOf("User", metricsUser)],
    },
  },
  {
    path: "/api/v1/namespaces/kube-system/services/metrics-server",
    object: {
      apiVersion: "v1",
      kind: "Service",
      metadata: metricsServer,
      // a process of this machine, which the API server reaches on the loopback address
      spec: { type: "ExternalName", externalName: "localhost" },
    },
  },
  {
    path: `/apis/apiregistration.k8s.io/v1/apiservices/${metrics.version}.${metrics.group}`,
    object: {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: `${metrics.version}.${metrics.group}` },
      spec: {
        ...metrics,
        service: { ...metricsServer, port: metricsPort },
        caBundle,
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    },
  },
];

export async function applyClusterObjects(api: Api, { pki }: ClusterPaths): Promise<void> {
  const caBundle = await readFile(join(pki, "ca.crt"), "base64");
  await Promise.all(objects(caBundle).map(({ path, object }) => apply(api, path, object)));
}
