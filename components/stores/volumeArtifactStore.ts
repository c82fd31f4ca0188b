import * as pulumi from "@pulumi/pulumi";
import { checkedStorageSize, dataClaim } from "../kubernetes/claims.ts";
import { metadataFor } from "../kubernetes/metadata.ts";
import type { VolumeArtifactStoreArgs } from "./arguments.ts";

/**
 * Artifacts on a ReadWriteOnce volume behind MLflow's artifact proxy: clients need nothing but HTTP. It ties the
 * tracking server to one replica; use a bucket for more.
 */
export class VolumeArtifactStore extends pulumi.ComponentResource {
  /** Where the tracking server keeps artifacts: the folder at which it mounts the claim. */
  public readonly uri: pulumi.Output<string>;
  /** Name of the claim to mount there. */
  public readonly claimName: pulumi.Output<string>;

  constructor(name: string, args: VolumeArtifactStoreArgs, opts?: pulumi.ComponentResourceOptions) {
    const storageSize = checkedStorageSize(`VolumeArtifactStore "${name}"`, args, "20Gi");
    super("mlops:index:VolumeArtifactStore", name, args, opts);

    const metadata = metadataFor("artifacts", name, args);
    const { storageClassName } = args;
    const claim = dataClaim(
      name,
      `${name}-data`,
      metadata,
      { storageSize, storageClassName },
      { parent: this },
    );

    this.uri = pulumi.output("/mlflow/artifacts");
    this.claimName = claim.metadata.name;
    this.registerOutputs({ uri: this.uri, claimName: this.claimName });
  }
}
