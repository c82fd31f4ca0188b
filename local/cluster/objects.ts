import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { checkoutRoot } from "../support/cache.ts";
import { apply, type Api } from "./api.ts";
import type { ClusterPaths } from "./clusterLayout.ts";

interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
  spec?: object;
}

/** Creates or updates the objects of objects.yaml. */
export async function applyClusterObjects(api: Api, { pki }: ClusterPaths): Promise<void> {
  const text = await readFile(join(checkoutRoot, "local/cluster/objects.yaml"), "utf8");
  const caBundle = await readFile(join(pki, "ca.crt"), "base64");
  const objects = parseAllDocuments(text).map((found) => found.toJS() as KubernetesObject);
  for (const object of objects) {
    if (object.kind === "APIService") object.spec = { ...object.spec, caBundle };
  }
  await Promise.all(objects.map((object) => apply(api, pathOf(object), object)));
}

function pathOf({ apiVersion, kind, metadata: { name, namespace } }: KubernetesObject): string {
  const group = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
  const scope = namespace === undefined ? "" : `/namespaces/${namespace}`;
  const plural = `${kind.toLowerCase()}${kind.endsWith("s") ? "es" : "s"}`;
  return `${group}${scope}/${plural}/${encodeURIComponent(name)}`;
}
