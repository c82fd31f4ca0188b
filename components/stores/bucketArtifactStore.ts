import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { resourceCostUsd } from "../cost/index.ts";
import { labelsAtGoogle, uniqueName } from "../google/googleNames.ts";
import type { ArtifactLocation } from "../tracking/arguments.ts";
import {
  type BucketArtifactStoreArgs,
  BucketStorageClass,
  bucketStem,
  checkBucketArtifactStore,
  mostBucketCharacters,
} from "./arguments.ts";

/**
 * A Google Cloud Storage bucket for artifacts behind MLflow's artifact proxy. It can never become public, keeps
 * overwritten and deleted objects for a while, and allows any number of tracking server replicas.
 */
export class BucketArtifactStore extends pulumi.ComponentResource {
  /** Artifact location; pass it to a tracking server as `artifacts`. */
  public readonly location: ArtifactLocation;
  /** Name of the bucket. */
  public readonly bucketName: pulumi.Output<string>;
  /** Number of the bucket's project, which is part of the names of its clusters' workloads in IAM. */
  public readonly projectNumber: pulumi.Output<string>;
  /** Monthly cost in US dollars for the expected size, at list prices, without traffic. */
  public readonly monthlyCostUsd: pulumi.Output<number>;

  constructor(name: string, args: BucketArtifactStoreArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`BucketArtifactStore "${name}"`, args, checkBucketArtifactStore(name));
    super("mlops:index:BucketArtifactStore", name, args, opts);

    const project = pulumi.output(args.project);
    const labels = labelsAtGoogle(args.labels);
    const { location, versioning = true, softDeleteDays = 7, protectData = true } = args;
    const child = { parent: this, ...(protectData ? { protect: true } : {}) };
    const storageClass = args.storageClass ?? BucketStorageClass.Standard;
    const stem = project.apply((id) => bucketStem(id, name));
    const generated = () =>
      uniqueName(`${name}-name`, stem, mostBucketCharacters, { project, location }, child);
    const bucket = new gcp.storage.Bucket(
      `${name}-bucket`,
      {
        project,
        name: args.bucketName ?? generated(),
        location,
        storageClass,
        uniformBucketLevelAccess: true,
        publicAccessPrevention: "enforced",
        versioning: { enabled: versioning },
        softDeletePolicy: { retentionDurationSeconds: softDeleteDays * secondsPerDay },
        lifecycleRules: lifecycle(versioning, args.noncurrentVersionDays ?? 30),
        forceDestroy: !protectData,
        labels,
      },
      // without the protection in the state (`pulumi state unprotect`) artifacts are still not deleted
      protectData ? { ...child, retainOnDelete: true } : child,
    );

    this.location = { uri: pulumi.interpolate`gs://${bucket.name}` };
    this.bucketName = bucket.name;
    this.projectNumber = pulumi.interpolate`${bucket.projectNumber}`;
    this.monthlyCostUsd = pulumi.output(
      resourceCostUsd("gcp:storage/bucket:Bucket", {
        location,
        storageClass,
        expectedSizeGb: args.expectedSizeGb,
      }),
    );
    this.registerOutputs(outputsOf(this));
  }
}

const secondsPerDay = 24 * 60 * 60;

/** Lifecycle rules: aborted uploads are deleted after a week, older versions after their retention. */
function lifecycle(versioning: boolean, noncurrentVersionDays: number) {
  const uploads = { action: { type: "AbortIncompleteMultipartUpload" }, condition: { age: 7 } };
  const versions = {
    action: { type: "Delete" },
    condition: { daysSinceNoncurrentTime: noncurrentVersionDays, withState: "ARCHIVED" },
  };
  return versioning ? [uploads, versions] : [uploads];
}
