import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { StringMap } from "../kubernetes/arguments.ts";
import { dataClaim } from "../kubernetes/claims.ts";
import type { metadataFor } from "../kubernetes/metadata.ts";
import { credentialsIn, keptCredentials, metadataServer } from "../tracking/googleCredentials.ts";
import type { BackupArgs, BackupDestination } from "./arguments.ts";

const folder = "/backup";
const defaultPath = "mlflow-backup";
const inVolume: BackupDestination = { volume: {} };

/** What pods need to reach the destination. */
export interface Destination {
  readonly environment: StringMap;
  /** Entries of the pods' Secret, by the variable that gets them. */
  readonly secrets: StringMap;
  /** Variables that get the entries of their names in an existing Secret. */
  readonly existing?: { readonly secretName: pulumi.Input<string>; readonly names: string[] };
  readonly mounts: k8s.types.input.core.v1.VolumeMount[];
  readonly volumes: k8s.types.input.core.v1.Volume[];
}

/** A destination as restic names it, with the claim or the credentials that it needs. */
export function backupDestination(
  name: string,
  { destination = inVolume, storageClassName }: BackupArgs,
  metadata: ReturnType<typeof metadataFor>,
  child: pulumi.CustomResourceOptions,
): Destination {
  const { volume, bucket, s3 } = destination;
  if (s3 !== undefined) {
    const { endpoint, bucketName, path = defaultPath, region, secretName } = s3;
    const keys = {
      AWS_ACCESS_KEY_ID: s3.accessKeyId ?? "",
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey ?? "",
    };
    return {
      environment: {
        RESTIC_REPOSITORY: `s3:${endpoint.replace(/\/$/, "")}/${bucketName}/${path}`,
        ...(region === undefined ? {} : { AWS_DEFAULT_REGION: region }),
      },
      ...(secretName === undefined
        ? { secrets: keys }
        : { secrets: {}, existing: { secretName, names: Object.keys(keys) } }),
      mounts: [],
      volumes: [],
    };
  }
  if (bucket !== undefined) {
    const { bucketName, path = defaultPath, credentials, secretName } = bucket;
    const kept =
      secretName !== undefined
        ? credentialsIn(secretName)
        : credentials !== undefined
          ? keptCredentials(name, credentials, metadata, child)
          : undefined;
    return {
      environment: { RESTIC_REPOSITORY: `gs:${bucketName}:/${path}`, ...kept?.environment },
      secrets: {},
      mounts: kept ? [kept.mount] : [],
      volumes: kept ? [kept.volume] : [],
    };
  }
  const { storageSize = "20Gi", claimName } = volume ?? {};
  const claim =
    claimName ??
    dataClaim(name, `${name}-data`, metadata, { storageSize, storageClassName }, child).metadata
      .name;
  return {
    environment: { RESTIC_REPOSITORY: `${folder}/repository`, BACKUP_VOLUME: folder },
    secrets: {},
    mounts: [{ name: "destination", mountPath: folder }],
    volumes: [{ name: "destination", persistentVolumeClaim: { claimName: claim } }],
  };
}

/** What the pods call outside the cluster to reach a destination. */
export function destinationFlows({ bucket, s3 }: BackupDestination = inVolume): {
  toAddresses?: string[];
  port: number;
}[] {
  if (bucket !== undefined) {
    const hasKey = bucket.credentials !== undefined || bucket.secretName !== undefined;
    return [{ port: 443 }, ...(hasKey ? [] : metadataServer)];
  }
  if (s3 === undefined) return [];
  const { port, protocol } = new URL(s3.endpoint);
  return [{ port: port === "" ? (protocol === "http:" ? 80 : 443) : Number(port) }];
}
