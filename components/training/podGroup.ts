import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { type metadataFor, selectorLabels, skipAwait } from "../kubernetes/metadata.ts";

type EnvVar = k8s.types.input.core.v1.EnvVar;

/** What makes the pods of one Job work together: additions to the Job, its pods and their environment. */
export interface PodGroup {
  readonly job: Omit<k8s.types.input.batch.v1.JobSpec, "template">;
  readonly pod: { readonly subdomain: pulumi.Input<string> };
  readonly env: readonly EnvVar[];
}

export const fromPod = (name: string, fieldPath: string): EnvVar => ({
  name,
  valueFrom: { fieldRef: { fieldPath } },
});

/** Gives a pod the name of the first one. A retried pod keeps its name, but not its address. */
export const jobName = fromPod("JOB_NAME", "metadata.labels['batch.kubernetes.io/job-name']");
export const firstPod = (serviceName: string) => `$(JOB_NAME)-0.${serviceName}`;

/** The Service that gives pods their names, as soon as they have an address. */
export function podNames(
  logicalName: string,
  serviceName: string,
  metadata: ReturnType<typeof metadataFor>,
  child: { parent: pulumi.Resource },
): pulumi.Output<string> {
  const service = new k8s.core.v1.Service(
    logicalName,
    {
      // shorter than a generated name: it is a part of host names
      metadata: metadata({ name: serviceName, annotations: skipAwait }),
      spec: {
        clusterIP: "None",
        publishNotReadyAddresses: true,
        selector: selectorLabels("training", serviceName),
      },
    },
    child,
  );
  return service.metadata.name;
}
