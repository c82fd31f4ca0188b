import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { metadataFor } from "../kubernetes/metadata.ts";

const folder = "/etc/google";
const file = "credentials.json";
const volumeName = "google-credentials";

/** Where containers find the key of a Google service account. */
export const credentialsFile = `${folder}/${file}`;

/** Addresses of GKE's metadata server, which gives a pod its Google identity: with Dataplane V2, and without. */
export const metadataServer = [
  { toAddresses: ["169.254.169.254/32"], port: 80 },
  { toAddresses: ["169.254.169.252/32"], port: 988 },
];

/** What a pod needs to show the key to its containers. */
export type GoogleCredentials = ReturnType<typeof credentialsIn>;

/** The key in a Secret, as an entry with the name of its file. */
export const credentialsIn = (secretName: pulumi.Input<string>) => ({
  environment: { GOOGLE_APPLICATION_CREDENTIALS: credentialsFile },
  mount: { name: volumeName, mountPath: folder, readOnly: true },
  volume: { name: volumeName, secret: { secretName, defaultMode: 0o440 } },
});

/** Keeps the key in a Secret. A change makes another Secret, and pods that read it. */
export function keptCredentials(
  name: string,
  credentials: pulumi.Input<string>,
  metadata: ReturnType<typeof metadataFor>,
  child: pulumi.CustomResourceOptions,
): GoogleCredentials {
  const secret = new k8s.core.v1.Secret(
    `${name}-google-credentials`,
    { metadata: metadata(), immutable: true, stringData: { [file]: pulumi.secret(credentials) } },
    child,
  );
  return credentialsIn(secret.metadata.name);
}
