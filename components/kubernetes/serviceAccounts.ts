import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { metadataFor } from "./metadata.ts";

/**
 * The identity of one workload, to which a cloud may give rights. Its pods get no token for the Kubernetes API: none of
 * them calls it.
 */
export function workloadAccount(
  name: string,
  accountName: string,
  metadata: ReturnType<typeof metadataFor>,
  child: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  return new k8s.core.v1.ServiceAccount(
    `${name}-account`,
    { metadata: metadata({ name: accountName }), automountServiceAccountToken: false },
    child,
  ).metadata.name;
}
