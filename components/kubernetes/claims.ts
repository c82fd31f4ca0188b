import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { skipAwait, type metadataFor } from "./metadata.ts";

export interface ClaimedStorage {
  storageSize: pulumi.Input<string>;
  storageClassName?: pulumi.Input<string>;
}

/** A volume for one node. A resource of ours even where a chart uses it: `down --keep-data` and the next `up` find it again. */
export function dataClaim(
  name: string,
  claimName: string,
  metadata: ReturnType<typeof metadataFor>,
  { storageSize, storageClassName }: ClaimedStorage,
  child: pulumi.CustomResourceOptions,
): k8s.core.v1.PersistentVolumeClaim {
  return new k8s.core.v1.PersistentVolumeClaim(
    `${name}-data`,
    {
      // a claim that waits for its first pod would never become bound before the pod is made
      metadata: metadata({ name: claimName, annotations: skipAwait }),
      spec: {
        accessModes: ["ReadWriteOnce"],
        storageClassName,
        resources: { requests: { storage: storageSize } },
      },
    },
    child,
  );
}
