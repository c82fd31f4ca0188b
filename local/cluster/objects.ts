import { apply, type Api } from "./api.ts";
import { provisioner } from "./configs.ts";

const rbac = "/apis/rbac.authorization.k8s.io/v1";

const binding = (name: string, role: string, kind: "User" | "Group" = "User") => ({
  path: `${rbac}/clusterrolebindings/${encodeURIComponent(name)}`,
  object: {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind, name }],
  },
});

/** What a fresh cluster lacks: a storage class, and the rights of the node and of the two add-ons. */
const objects = [
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
  {
    path: `${rbac}/clusterroles/mlops-local:dns`,
    object: {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "mlops-local:dns" },
      rules: [
        { apiGroups: [""], resources: ["services", "namespaces"], verbs: ["list", "watch"] },
        {
          apiGroups: ["discovery.k8s.io"],
          resources: ["endpointslices"],
          verbs: ["list", "watch"],
        },
      ],
    },
  },
  binding("mlops-local:dns", "mlops-local:dns"),
  // The usual Node authorizer learns of a new pod's claims a moment after kubelet asks for them, and a
  // refused kubelet waits 15 s. It keeps nodes from each other's secrets; here there is one node.
  binding("system:nodes", "system:node", "Group"),
  binding("mlops-local:volumes", "system:persistent-volume-provisioner"),
];

export async function applyClusterObjects(api: Api): Promise<void> {
  await Promise.all(objects.map(({ path, object }) => apply(api, path, object)));
}
