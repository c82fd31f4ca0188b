import { ImageRepository, type ImageRepositoryArgs } from "../../../components/index.ts";
import { describeArguments, describePreview, describeRefusals, tree } from "../../support/cases.ts";
import { record } from "../../support/recorder.ts";

const make = (name: string, args: ImageRepositoryArgs) => new ImageRepository(name, args);
const base: ImageRepositoryArgs = { project: "my-project", region: "europe-west3" };
const nodes = "serviceAccount:nodes@my-project.iam.gserviceaccount.com";

test("makes a repository with immutable tags, and outputs its URL", async () => {
  const { resources, find } = await record(() => make("images", base));
  expect(tree(resources)).toEqual([
    "gcp:artifactregistry/repository:Repository images-repository < images",
    "mlops:index:ImageRepository images",
  ]);
  expect(find("images-repository").inputs).toEqual({
    project: "my-project",
    location: "europe-west3",
    format: "DOCKER",
    mode: "STANDARD_REPOSITORY",
    repositoryId: "mlops",
    description: "Images of the MLOps platform",
    dockerConfig: { immutableTags: true },
    cleanupPolicies: [
      {
        id: "delete-untagged",
        action: "DELETE",
        condition: { tagState: "UNTAGGED", olderThan: "604800s" },
      },
    ],
    labels: { "part-of": "mlops-platform", "managed-by": "pulumi" },
  });
  expect(find("images").outputs).toEqual({
    url: "europe-west3-docker.pkg.dev/my-project/mlops",
    repositoryId: "mlops",
    monthlyCostUsd: expect.any(Number),
  });
});

test("with keepVersions old versions are deleted, except the newest", async () => {
  const { find } = await record(() => make("images", { ...base, keepVersions: 5 }));
  expect(find("images-repository").inputs).toMatchObject({
    dockerConfig: { immutableTags: false },
    cleanupPolicies: [
      { id: "delete-untagged", action: "DELETE" },
      {
        id: "delete-old",
        action: "DELETE",
        condition: { tagState: "ANY", olderThan: "2592000s" },
      },
      { id: "keep-newest", action: "KEEP", mostRecentVersions: { keepCount: 5 } },
    ],
  });
});

// SECURITY.md: Nodes have no public address and a separate account that may write logs and
// metrics and read one image repository.
test("readers may pull from exactly this repository", async () => {
  const { find } = await record(() => make("images", { ...base, readers: [nodes] }));
  expect(find("images-reader-0").inputs).toEqual({
    project: "my-project",
    location: "europe-west3",
    repository: "images-repository-1a2b3c",
    role: "roles/artifactregistry.reader",
    member: nodes,
  });
});

describeArguments(make, "images", base, {
  project: {
    value: "other-project",
    changes: [
      "images outputs.url: europe-west3-docker.pkg.dev/my-project/mlops → europe-west3-docker.pkg.dev/other-project/mlops",
      "images-repository project: my-project → other-project",
    ],
  },
  region: {
    value: "us-central1",
    changes: [
      "images outputs.url: europe-west3-docker.pkg.dev/my-project/mlops → us-central1-docker.pkg.dev/my-project/mlops",
      "images-repository location: europe-west3 → us-central1",
    ],
  },
  repositoryId: {
    value: "team-images",
    changes: [
      "images outputs.repositoryId: mlops → team-images",
      "images outputs.url: europe-west3-docker.pkg.dev/my-project/mlops → europe-west3-docker.pkg.dev/my-project/team-images",
      "images-repository repositoryId: mlops → team-images",
    ],
  },
  readers: { value: [nodes], changes: ["+ images-reader-0"] },
  keepVersions: {
    value: 5,
    changes: [
      "images-repository cleanupPolicies[1].action: ∅ → DELETE",
      "images-repository cleanupPolicies[1].condition.olderThan: ∅ → 2592000s",
      "images-repository cleanupPolicies[1].condition.tagState: ∅ → ANY",
      "images-repository cleanupPolicies[1].id: ∅ → delete-old",
      "images-repository cleanupPolicies[2].action: ∅ → KEEP",
      "images-repository cleanupPolicies[2].id: ∅ → keep-newest",
      "images-repository cleanupPolicies[2].mostRecentVersions.keepCount: ∅ → 5",
      "images-repository dockerConfig.immutableTags: true → false",
    ],
  },
  labels: { value: { team: "blue" }, changes: ["images-repository labels.team: ∅ → blue"] },
});

const subject = 'ImageRepository "images"';
const idRule = `${subject}: repositoryId must have 1 to 63 lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen`;
const member = (index: number) =>
  `${subject}: readers[${index}] must be an IAM member such as serviceAccount:nodes@my-project.iam.gserviceaccount.com; allUsers is refused`;
describeRefusals(make, "images", base, [
  [
    { project: "123456" },
    `${subject}: project must be a project's id, as \`gcloud projects list\` prints it: 6 to 30 lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen`,
  ],
  [
    { region: "europe-west-3" },
    `${subject}: region must be a region of Google Cloud such as europe-west3, not "europe-west-3"`,
  ],
  [{ repositoryId: "Images" }, idRule],
  [{ repositoryId: "images-" }, idRule],
  [{ repositoryId: "a".repeat(64) }, idRule],
  [{ readers: [nodes, "allUsers"] }, member(1)],
  [{ readers: ["ServiceAccount:nodes@x"] }, member(0)],
  [{ keepVersions: 0 }, `${subject}: keepVersions must be a whole number from 1 to 1000`],
  [
    { labels: { team: "Blue" } },
    `${subject}: labels.team must have at most 63 characters, and lower-case letters, digits, hyphens and underscores only`,
  ],
]);

const withReader: ImageRepositoryArgs = { ...base, readers: [nodes] };
describePreview(make, "images", withReader, (unknown) => ({
  project: unknown,
  readers: [unknown],
}));
