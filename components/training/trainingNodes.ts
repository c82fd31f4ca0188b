import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { type metadataFor, selectorLabels, skipAwait } from "../kubernetes/metadata.ts";

/** torchrun's own default. */
const masterPort = 29500;

const fromPod = (name: string, fieldPath: string) => ({
  name,
  valueFrom: { fieldRef: { fieldPath } },
});

/** How the pods of one Job find each other: a pod that is tried again keeps its name, its address it does not. */
export const nodeVariables = (
  serviceName: string,
  nodes: number,
): k8s.types.input.core.v1.EnvVar[] => [
  fromPod("JOB_NAME", "metadata.labels['batch.kubernetes.io/job-name']"),
  fromPod("RANK", "metadata.annotations['batch.kubernetes.io/job-completion-index']"),
  { name: "WORLD_SIZE", value: `${nodes}` },
  { name: "MASTER_ADDR", value: `$(JOB_NAME)-0.${serviceName}` },
  { name: "MASTER_PORT", value: `${masterPort}` },
];

/** The Service that gives pods their names, as soon as they have an address. */
export function nodeNames(
  name: string,
  metadata: ReturnType<typeof metadataFor>,
  child: { parent: pulumi.Resource },
): void {
  new k8s.core.v1.Service(
    `${name}-nodes`,
    {
      metadata: metadata({ name, annotations: skipAwait }),
      spec: {
        clusterIP: "None",
        selector: selectorLabels("training", name),
        publishNotReadyAddresses: true,
        ports: [{ name: "rendezvous", port: masterPort }],
      },
    },
    child,
  );
}
