import { partOfSelector, stackAnnotation } from "../components/kubernetes/ownershipMarks.ts";
import { type JsonObject, objectAt, textAt } from "../local/support/propertyValues.ts";
import { type KubernetesClient } from "../local/support/kubernetesClient.ts";
import { namespaceObject, seen, type StateResource } from "./ownershipCheck.ts";
import { copyName } from "./stateCopy.ts";

/** What people keep in a namespace, by the path of its API. */
const kinds: [path: string, resource: string, kind: string][] = [
  ["/api/v1", "configmaps", "ConfigMap"],
  ["/api/v1", "persistentvolumeclaims", "PersistentVolumeClaim"],
  ["/api/v1", "pods", "Pod"],
  ["/api/v1", "secrets", "Secret"],
  ["/api/v1", "services", "Service"],
  ["/apis/apps/v1", "daemonsets", "DaemonSet"],
  ["/apis/apps/v1", "deployments", "Deployment"],
  ["/apis/apps/v1", "statefulsets", "StatefulSet"],
  ["/apis/batch/v1", "cronjobs", "CronJob"],
  ["/apis/batch/v1", "jobs", "Job"],
];

/** ConfigMaps that clusters and service meshes put into every namespace. */
const ofTheCluster = /^(kube-root-ca\.crt|openshift-service-ca\.crt|istio-ca-root-cert)$/;

/** Objects of a namespace that neither the state's resources nor their releases are, as `ConfigMap settings`. */
export async function foreignObjects(
  client: KubernetesClient,
  namespace: string,
  resources: readonly StateResource[],
): Promise<string[]> {
  const made = new Set(
    resources.map(
      ({ inputs, outputs }) =>
        `${textAt(inputs, "kind")} ${textAt(outputs, "metadata", "name") ?? textAt(inputs, "metadata", "name")}`,
    ),
  );
  const releases = resources
    .filter(({ type }) => type === "kubernetes:helm.sh/v3:Release")
    .map(({ inputs }) => textAt(inputs, "name") ?? "");
  const found = await Promise.all(
    kinds.map(async ([path, resource, kind]) => {
      const items = await listed(client, `${path}/namespaces/${namespace}/${resource}`);
      return items
        .filter((item) => !isOfRelease(item, releases) && !isOfCluster(item))
        .map((item) => `${kind} ${textAt(item, "metadata", "name")}`);
    }),
  );
  return found.flat().filter((name) => !made.has(name) && name !== `Secret ${copyName}`);
}

/** What Helm made, and its records of that. */
function isOfRelease(item: JsonObject, releases: readonly string[]): boolean {
  const labels = objectAt(item, "metadata", "labels");
  const release =
    textAt(item, "metadata", "annotations", "meta.helm.sh/release-name") ??
    (labels["owner"] === "helm" ? labels["name"] : labels["app.kubernetes.io/instance"]);
  return typeof release === "string" && releases.includes(release);
}

function isOfCluster(item: JsonObject): boolean {
  const { ownerReferences } = objectAt(item, "metadata");
  const isAccountToken = textAt(item, "type") === "kubernetes.io/service-account-token";
  const name = textAt(item, "metadata", "name") ?? "";
  return ownerReferences !== undefined || isAccountToken || ofTheCluster.test(name);
}

/** Platforms of other stacks that run in the cluster, whichever checkout deployed them, as `stack in namespace`. */
export async function otherPlatforms(client: KubernetesClient, own: string): Promise<string[]> {
  // one that was removed with its data kept has no Service left
  const services = await listed(client, `/api/v1/services?labelSelector=${partOfSelector}`);
  const namespaces = new Set(services.map((one) => textAt(one, "metadata", "namespace") ?? ""));
  const others = [...namespaces].filter((namespace) => namespace !== own).sort();
  return await Promise.all(
    others.map(async (namespace) => {
      const live = await client.get(namespaceObject(namespace));
      const stack = textAt(live, "metadata", "annotations", stackAnnotation)?.split("/").at(-1);
      return `${stack ?? "a stack of an earlier version"} in namespace ${namespace}`;
    }),
  );
}

async function listed(client: KubernetesClient, path: string): Promise<JsonObject[]> {
  // nothing of a kind that this cluster does not have, or that the user may not see
  return ((await seen(client, path))?.["items"] ?? []) as JsonObject[];
}
