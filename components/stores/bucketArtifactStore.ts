import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { checkWhole, ensure, isWholeNumber, refuse } from "../core/checks.ts";
import { checkOneOf } from "../core/closedSets.ts";
import { monthlyCostUsd } from "../cost/index.ts";
import { bucketNameFault, checkBucketLocation, checkedProject } from "../google/googleChecks.ts";
import { googleLabels } from "../google/googleLabels.ts";
import { uniqueName, withSuffix } from "../google/googleNames.ts";
import { type BucketArtifactStoreArgs, BucketStorageClass } from "./arguments.ts";

/**
 * A Google Cloud Storage bucket for artifacts behind MLflow's artifact proxy. It can never become public, keeps what
 * is overwritten or deleted for a while, and lets the tracking server have as many replicas as it needs.
 */
export class BucketArtifactStore extends pulumi.ComponentResource {
  /** Where the tracking server keeps artifacts: `gs://` and the bucket. */
  public readonly uri: pulumi.Output<string>;
  /** Name of the bucket. */
  public readonly bucketName: pulumi.Output<string>;
  /** Number of the project that holds the bucket, by which Google names the workloads of the project's clusters. */
  public readonly projectNumber: pulumi.Output<string>;
  /** What the bucket costs a month in US dollars for the expected size, at list prices, without traffic. */
  public readonly monthlyCostUsd: pulumi.Output<number>;

  constructor(name: string, args: BucketArtifactStoreArgs, opts?: pulumi.ComponentResourceOptions) {
    const subject = `BucketArtifactStore "${name}"`;
    const project = checkedProject(subject, args.project);
    checkBucket(subject, name, args);
    const labels = googleLabels(subject, args.labels);
    super("mlops:index:BucketArtifactStore", name, args, opts);

    const { location, versioning = true, softDeleteDays = 7, protectData = true } = args;
    const child = { parent: this, ...(protectData ? { protect: true } : {}) };
    const storageClass = args.storageClass ?? BucketStorageClass.Standard;
    const stem = project.apply((id) => nameStem(id, name));
    const generated = () =>
      uniqueName(`${name}-name`, stem, mostCharacters, { project, location }, child);
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
      // who takes the protection off the state alone (`pulumi state unprotect`) still loses no artifact
      protectData ? { ...child, retainOnDelete: true } : child,
    );

    this.uri = pulumi.interpolate`gs://${bucket.name}`;
    this.bucketName = bucket.name;
    this.projectNumber = pulumi.interpolate`${bucket.projectNumber}`;
    this.monthlyCostUsd = pulumi.output(
      monthlyCostUsd([
        {
          type: "gcp:storage/bucket:Bucket",
          name: `${name}-bucket`,
          inputs: { location, storageClass, expectedSizeGb: args.expectedSizeGb },
        },
      ]),
    );
    this.registerOutputs({
      uri: this.uri,
      bucketName: this.bucketName,
      projectNumber: this.projectNumber,
      monthlyCostUsd: this.monthlyCostUsd,
    });
  }
}

const secondsPerDay = 24 * 60 * 60;
const mostCharacters = 63;

/** Names of buckets are taken by the whole world: the project's id sets ours apart. */
const nameStem = (project: string, name: string) => `${project}-${name.toLowerCase()}`;

/** What happens by itself: uploads that were given up go after a week, older versions after their days. */
function lifecycle(versioning: boolean, noncurrentVersionDays: number) {
  const uploads = { action: { type: "AbortIncompleteMultipartUpload" }, condition: { age: 7 } };
  const versions = {
    action: { type: "Delete" },
    condition: { daysSinceNoncurrentTime: noncurrentVersionDays, withState: "ARCHIVED" },
  };
  return versioning ? [uploads, versions] : [uploads];
}

function checkBucket(subject: string, name: string, args: BucketArtifactStoreArgs): void {
  const { bucketName, versioning, softDeleteDays, noncurrentVersionDays, expectedSizeGb } = args;
  checkBucketLocation(subject, args.location);
  const fault = bucketName === undefined ? undefined : bucketNameFault(bucketName);
  refuse(subject, fault !== undefined, `bucketName must ${fault}`);
  const generated = (id: string) => withSuffix(nameStem(id, name), "000000", mostCharacters);
  ensure(
    subject,
    "bucketName",
    args.project,
    (id) => bucketName !== undefined || bucketNameFault(generated(id)) === undefined,
    "be given: the component's name makes none that Google accepts",
  );
  checkOneOf(subject, "storageClass", args.storageClass, BucketStorageClass);
  ensure(
    subject,
    "softDeleteDays",
    softDeleteDays ?? 7,
    (days) => days === 0 || isWholeNumber(7, 90)(days),
    "be a whole number from 7 to 90, or 0 to switch it off",
  );
  checkWhole(subject, "noncurrentVersionDays", noncurrentVersionDays ?? 30, 1, 3650);
  ensure(subject, "expectedSizeGb", expectedSizeGb ?? 10, (size) => size >= 0, "be 0 or more");
  refuse(
    subject,
    versioning === false && noncurrentVersionDays !== undefined,
    "noncurrentVersionDays means nothing without versions; leave it out or set versioning to true",
  );
  refuse(
    subject,
    versioning === false && softDeleteDays === 0 && args.protectData !== false,
    "an overwritten artifact would be gone at once; keep versioning or softDeleteDays, or set protectData to false",
  );
}
