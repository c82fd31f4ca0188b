import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { dataClaim } from "../kubernetes/claims.ts";
import { metadataFor } from "../kubernetes/metadata.ts";
import type { ArtifactLocation } from "../tracking/arguments.ts";
import { checkVolumeArtifactStore, type VolumeArtifactStoreArgs } from "./arguments.ts";

/**
 * Artifacts on a ReadWriteOnce volume behind MLflow's artifact proxy: clients need only HTTP. It limits the tracking
 * server to one replica; use a bucket for more.
 */
export class VolumeArtifactStore extends pulumi.ComponentResource {
  /** Artifact location; pass it to a tracking server as `artifacts`. */
  public readonly location: ArtifactLocation;

  constructor(name: string, args: VolumeArtifactStoreArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`VolumeArtifactStore "${name}"`, args, checkVolumeArtifactStore);
    super("mlops:index:VolumeArtifactStore", name, args, opts);

    const metadata = metadataFor("artifacts", name, args);
    const { storageSize = "20Gi", storageClassName } = args;
    const claim = dataClaim(
      name,
      `${name}-data`,
      metadata,
      { storageSize, storageClassName },
      { parent: this },
    );

    this.location = { uri: "/mlflow/artifacts", claimName: claim.metadata.name };
    this.registerOutputs(outputsOf(this));
  }
}
