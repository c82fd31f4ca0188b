import {
  BucketArtifactStore,
  type BucketArtifactStoreArgs,
  BucketStorageClass,
} from "../../../components/index.ts";
import { describeArguments, describePreview, describeRefusals, tree } from "../../support/cases.ts";
import { record } from "../../support/recorder.ts";

const make = (name: string, args: BucketArtifactStoreArgs) => new BucketArtifactStore(name, args);
const base: BucketArtifactStoreArgs = { project: "wine-ml", location: "europe-west1" };

// SECURITY.md: The bucket cannot become public.
// SECURITY.md: What has data is protected in Pulumi and at Google until the stack says otherwise.
test("makes one private bucket that keeps deleted objects and is protected", async () => {
  const { resources, find } = await record(() => make("store", base));
  expect(tree(resources)).toEqual([
    "gcp:storage/bucket:Bucket store-bucket < store",
    "mlops:index:BucketArtifactStore store",
    "random:index/randomId:RandomId store-name < store",
  ]);
  expect(find("store-bucket").inputs).toEqual({
    project: "wine-ml",
    name: "wine-ml-store-1a2b3c",
    location: "europe-west1",
    storageClass: "STANDARD",
    uniformBucketLevelAccess: true,
    publicAccessPrevention: "enforced",
    versioning: { enabled: true },
    softDeletePolicy: { retentionDurationSeconds: 604800 },
    lifecycleRules: [
      { action: { type: "AbortIncompleteMultipartUpload" }, condition: { age: 7 } },
      {
        action: { type: "Delete" },
        condition: { daysSinceNoncurrentTime: 30, withState: "ARCHIVED" },
      },
    ],
    forceDestroy: false,
    labels: { "part-of": "mlops-platform", "managed-by": "pulumi" },
  });
  expect(find("store-bucket").options).toEqual({
    dependsOn: ["store-name"],
    protect: true,
    retainOnDelete: true,
  });
  expect(find("store").outputs).toEqual({
    location: { uri: "gs://wine-ml-store-1a2b3c" },
    bucketName: "wine-ml-store-1a2b3c",
    projectNumber: "123456789012",
    monthlyCostUsd: 0.2,
  });
});

test("another location gives another name, so that the new bucket is created before the old one is deleted", async () => {
  const { find } = await record(() => make("store", base));
  expect(find("store-name").inputs).toEqual({
    byteLength: 3,
    keepers: { project: "wine-ml", location: "europe-west1" },
  });
});

test.each([
  ["the greatest project id", "p".repeat(30), "store", `${"p".repeat(30)}-store-1a2b3c`],
  ["a long name, which is cut", "wine-ml", "s".repeat(80), `wine-ml-${"s".repeat(48)}-1a2b3c`],
  ["a cut at a hyphen", "wine-ml", `${"s".repeat(47)}-end`, `wine-ml-${"s".repeat(47)}-1a2b3c`],
  ["capital letters", "wine-ml", "Store", "wine-ml-store-1a2b3c"],
])("the generated name fits Google's rules with %s", async (_, project, name, expected) => {
  const { find } = await record(() => make(name, { ...base, project }));
  expect(find(`${name}-bucket`).inputs["name"]).toBe(expected);
  expect(expected.length).toBeLessThanOrEqual(63);
});

describeArguments(make, "store", base, {
  project: {
    value: "beer-ml",
    changes: [
      "store outputs.bucketName: wine-ml-store-1a2b3c → beer-ml-store-1a2b3c",
      "store outputs.location.uri: gs://wine-ml-store-1a2b3c → gs://beer-ml-store-1a2b3c",
      "store-bucket name: wine-ml-store-1a2b3c → beer-ml-store-1a2b3c",
      "store-bucket project: wine-ml → beer-ml",
      "store-name keepers.project: wine-ml → beer-ml",
    ],
  },
  location: {
    value: "EU",
    changes: [
      "store outputs.monthlyCostUsd: 0.2 → 0.26",
      "store-bucket location: europe-west1 → EU",
      "store-name keepers.location: europe-west1 → EU",
    ],
  },
  bucketName: {
    value: "wine-models",
    changes: [
      "- store-name",
      "store outputs.bucketName: wine-ml-store-1a2b3c → wine-models",
      "store outputs.location.uri: gs://wine-ml-store-1a2b3c → gs://wine-models",
      "store-bucket name: wine-ml-store-1a2b3c → wine-models",
      "store-bucket options.dependsOn: store-name → ∅",
    ],
  },
  versioning: {
    value: false,
    changes: [
      "store-bucket lifecycleRules[1].action.type: Delete → ∅",
      "store-bucket lifecycleRules[1].condition.daysSinceNoncurrentTime: 30 → ∅",
      "store-bucket lifecycleRules[1].condition.withState: ARCHIVED → ∅",
      "store-bucket versioning.enabled: true → false",
    ],
  },
  softDeleteDays: {
    value: 0,
    changes: ["store-bucket softDeletePolicy.retentionDurationSeconds: 604800 → 0"],
  },
  noncurrentVersionDays: {
    value: 90,
    changes: ["store-bucket lifecycleRules[1].condition.daysSinceNoncurrentTime: 30 → 90"],
  },
  storageClass: {
    value: BucketStorageClass.Nearline,
    changes: [
      "store outputs.monthlyCostUsd: 0.2 → 0.1",
      "store-bucket storageClass: STANDARD → NEARLINE",
    ],
  },
  protectData: {
    value: false,
    changes: [
      "store-bucket forceDestroy: false → true",
      "store-bucket options.protect: true → ∅",
      "store-name options.protect: true → ∅",
      "store-bucket options.retainOnDelete: true → ∅",
    ],
  },
  expectedSizeGb: { value: 500, changes: ["store outputs.monthlyCostUsd: 0.2 → 10"] },
  labels: { value: { team: "blue" }, changes: ["store-bucket labels.team: ∅ → blue"] },
});

const nameRules = [
  ["my", "have 3 to 63 characters"],
  ["b".repeat(64), "have 3 to 63 characters"],
  ["Models", "have lower-case letters, digits, hyphens and underscores only"],
  ["192.168.5.4", "have lower-case letters, digits, hyphens and underscores only"],
  ["models.example.org", "have lower-case letters, digits, hyphens and underscores only"],
  [".models.", "have lower-case letters, digits, hyphens and underscores only"],
  ["-models", "begin and end with a letter or a digit"],
  ["models_", "begin and end with a letter or a digit"],
  ["goog-models", 'not begin with "goog", which is Google\'s own'],
  ["my-google-models", 'not contain "google" or what looks like it'],
  ["my-g00gle-models", 'not contain "google" or what looks like it'],
] as const;

describeRefusals(make, "store", base, [
  ...nameRules.map(([bucketName, rule]): [Partial<BucketArtifactStoreArgs>, string] => [
    { bucketName },
    `BucketArtifactStore "store": bucketName must ${rule}`,
  ]),
  [
    { project: "Wine ML" },
    'BucketArtifactStore "store": project must be a project\'s id, as `gcloud projects list` prints it: 6 to 30 lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen',
  ],
  [
    { location: "europe-west-1" },
    'BucketArtifactStore "store": location must be a region of Google Cloud, US, EU or ASIA, such as europe-west1, not "europe-west-1"',
  ],
  [
    { location: "eu" },
    'BucketArtifactStore "store": location must be a region of Google Cloud, US, EU or ASIA, such as EU, not "eu"',
  ],
  [
    { storageClass: "standard" as BucketStorageClass },
    'BucketArtifactStore "store": storageClass must be one of STANDARD, NEARLINE, COLDLINE, ARCHIVE, not "standard"; the nearest is STANDARD',
  ],
  [
    { softDeleteDays: 3 },
    'BucketArtifactStore "store": softDeleteDays must be a whole number from 7 to 90, or 0 to switch it off',
  ],
  [
    { noncurrentVersionDays: 0 },
    'BucketArtifactStore "store": noncurrentVersionDays must be a whole number from 1 to 3650',
  ],
  [{ expectedSizeGb: -1 }, 'BucketArtifactStore "store": expectedSizeGb must be 0 or more'],
  [
    { versioning: false, noncurrentVersionDays: 5 },
    'BucketArtifactStore "store": noncurrentVersionDays has no effect without versions; leave it out or set versioning to true',
  ],
  [
    { versioning: false, softDeleteDays: 0 },
    'BucketArtifactStore "store": an overwritten artifact would be gone at once; keep versioning or softDeleteDays, or set protectData to false',
  ],
  [
    { labels: { Team: "blue" } },
    'BucketArtifactStore "store": labels: the key "Team" must have 1 to 63 characters, a letter first, and lower-case letters, digits, hyphens and underscores only',
  ],
]);

describeRefusals(make, "my.store", base, [
  [
    {},
    'BucketArtifactStore "my.store": bucketName must be given: the component\'s name yields none that Google accepts',
  ],
]);

test("neither versions nor soft deletion are needed where the data may be lost", async () => {
  const args = { ...base, versioning: false, softDeleteDays: 0, protectData: false };
  const { find } = await record(() => make("store", args));
  expect(find("store-bucket").inputs).toMatchObject({
    versioning: { enabled: false },
    softDeletePolicy: { retentionDurationSeconds: 0 },
    forceDestroy: true,
  });
});

describePreview(make, "store", base, (unknown) => ({
  project: unknown,
  labels: { team: unknown },
}));
