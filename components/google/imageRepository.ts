import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { resourceCostUsd } from "../cost/index.ts";
import { checkImageRepository, type ImageRepositoryArgs } from "./arguments.ts";
import { labelsAtGoogle } from "./googleNames.ts";

/**
 * An Artifact Registry repository for the platform's images. Tags are content hashes, so they are immutable; untagged
 * layers are deleted after a week.
 */
export class ImageRepository extends pulumi.ComponentResource {
  /** Prefix of image names, `REGION-docker.pkg.dev/PROJECT/ID`, known once the repository exists. */
  public readonly url: pulumi.Output<string>;
  /** Last part of the URL. */
  public readonly repositoryId: pulumi.Output<string>;
  /** Monthly cost in US dollars for the images of one version of the platform. */
  public readonly monthlyCostUsd: pulumi.Output<number>;

  constructor(name: string, args: ImageRepositoryArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`ImageRepository "${name}"`, args, checkImageRepository);
    super("mlops:index:ImageRepository", name, args, opts);

    const child = { parent: this };
    const { project, region, repositoryId = "mlops", keepVersions, readers = [] } = args;
    const labels = labelsAtGoogle(args.labels);
    const priced = { location: region, format: "DOCKER", mode: "STANDARD_REPOSITORY" };
    const repository = new gcp.artifactregistry.Repository(
      `${name}-repository`,
      {
        ...priced,
        project,
        repositoryId,
        description: "Images of the MLOps platform",
        // versions with an immutable tag cannot be cleaned up either
        dockerConfig: { immutableTags: keepVersions === undefined },
        cleanupPolicies: cleanupPolicies(keepVersions),
        labels,
      },
      child,
    );
    for (const [index, member] of readers.entries()) {
      new gcp.artifactregistry.RepositoryIamMember(
        `${name}-reader-${index}`,
        {
          project,
          location: region,
          repository: repository.name,
          role: "roles/artifactregistry.reader",
          member,
        },
        child,
      );
    }

    this.url = pulumi
      .all([project, repository.repositoryId])
      .apply(([id, ownId]) => `${region}-docker.pkg.dev/${id}/${ownId}`);
    this.repositoryId = repository.repositoryId;
    this.monthlyCostUsd = pulumi.output(
      resourceCostUsd("gcp:artifactregistry/repository:Repository", priced),
    );
    this.registerOutputs(outputsOf(this));
  }
}

/** A rule that keeps versions deletes nothing: it exempts them from the rules that delete. */
function cleanupPolicies(keepVersions: number | undefined) {
  const day = 24 * 60 * 60;
  const untagged = {
    id: "delete-untagged",
    action: "DELETE",
    condition: { tagState: "UNTAGGED", olderThan: `${7 * day}s` },
  };
  if (keepVersions === undefined) return [untagged];
  return [
    untagged,
    {
      id: "delete-old",
      action: "DELETE",
      condition: { tagState: "ANY", olderThan: `${30 * day}s` },
    },
    { id: "keep-newest", action: "KEEP", mostRecentVersions: { keepCount: keepVersions } },
  ];
}
