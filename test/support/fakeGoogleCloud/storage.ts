import type { Api, Fields, Handler } from "./api.ts";
import { GoogleError, invalid } from "./googleError.ts";
import { checkProject } from "./serviceUsage.ts";
import { creationTime, type World } from "./world.ts";

/** Buckets, who may use them, and as much of their objects as deleting a bucket needs. */
export const storage: Api = {
  service: "storage.googleapis.com",
  variable: "GOOGLE_STORAGE_CUSTOM_ENDPOINT",
  path: "/storage/v1/",
  routes: (world) => ({
    "POST b": ({ query, body }) => insert(world, query.get("project") ?? "", body),
    "GET b/{bucket}": ({ params }) => found(world, params["bucket"]!),
    "PATCH b/{bucket}": patch(world),
    "DELETE b/{bucket}": ({ params }) => {
      found(world, params["bucket"]!);
      if (objects(world, params["bucket"]!).length > 0) {
        throw new GoogleError(409, "conflict", "The bucket you tried to delete is not empty.");
      }
      world.remove(pathOf(params["bucket"]!));
      world.policies.remove(pathOf(params["bucket"]!));
      return {};
    },
    "GET b/{bucket}/iam": ({ params, query }) => {
      found(world, params["bucket"]!);
      const version = Number(query.get("optionsRequestedPolicyVersion") ?? 1);
      return { kind: "storage#policy", ...world.policies.get(pathOf(params["bucket"]!), version) };
    },
    "PUT b/{bucket}/iam": ({ params, body }) => {
      const { iamConfiguration } = found(world, params["bucket"]!);
      const isPublic = JSON.stringify(body).match(/"(allUsers|allAuthenticatedUsers)"/);
      if (isPublic && iamConfiguration.publicAccessPrevention === "enforced") {
        throw new GoogleError(
          412,
          "conditionNotMet",
          "The member bindings allUsers and allAuthenticatedUsers are not allowed since public access prevention is enforced.",
        );
      }
      return world.policies.set(pathOf(params["bucket"]!), body);
    },
    "GET b/{bucket}/o": ({ params }) => ({
      kind: "storage#objects",
      items: objects(world, params["bucket"]!),
    }),
    "DELETE b/{bucket}/o/{object}": ({ params }) => {
      world.remove(`${pathOf(params["bucket"]!)}/o/${params["object"]!}`);
      return {};
    },
    "GET b/{bucket}/anywhereCaches/": () => ({ kind: "storage#anywhereCaches" }),
  }),
};

const pathOf = (bucket: string) => `b/${bucket}`;

/** Puts an object into a bucket, as MLflow would. */
export function addObject(world: World, bucket: string, name: string): void {
  found(world, bucket);
  world.add(`${pathOf(bucket)}/o/${name}`, {
    kind: "storage#object",
    name,
    bucket,
    generation: "1",
  });
}

const objects = (world: World, bucket: string) =>
  world
    .paths()
    .filter((path) => path.startsWith(`${pathOf(bucket)}/o/`))
    .map((path) => world.get(path));

function found(world: World, bucket: string): Fields {
  const resource = world.find(pathOf(bucket));
  if (resource) return resource;
  throw new GoogleError(404, "notFound", "The specified bucket does not exist.");
}

function insert(world: World, project: string, body: Fields): Fields {
  checkProject(world, project);
  const name = String(body["name"]);
  checkName(name);
  checkBucket(body);
  if (world.find(pathOf(name))) {
    throw new GoogleError(
      409,
      "conflict",
      "Your previous request to create the named bucket succeeded and you already own it.",
    );
  }
  const location = String(body["location"] ?? "US").toUpperCase();
  return world.add(pathOf(name), {
    kind: "storage#bucket",
    id: name,
    selfLink: `https://www.googleapis.com/storage/v1/b/${name}`,
    projectNumber: world.projectNumber,
    metageneration: "1",
    storageClass: "STANDARD",
    timeCreated: creationTime,
    updated: creationTime,
    softDeletePolicy: { retentionDurationSeconds: "604800", effectiveTime: creationTime },
    locationType: /^(US|EU|ASIA)$/.test(location) ? "multi-region" : "region",
    ...(/^(US|EU|ASIA)$/.test(location) ? { rpo: "DEFAULT" } : {}),
    ...body,
    location,
    iamConfiguration: {
      publicAccessPrevention: "inherited",
      ...body["iamConfiguration"],
    },
  });
}

const patch =
  (world: World): Handler =>
  ({ params, body }) => {
    const bucket = found(world, params["bucket"]!);
    checkBucket(body);
    for (const [key, value] of Object.entries(body)) {
      if (value === null) delete bucket[key];
      else if (key === "labels") bucket[key] = mergedLabels(bucket[key] as Fields, value as Fields);
      else bucket[key] = value;
    }
    bucket["metageneration"] = String(Number(bucket["metageneration"]) + 1);
    return bucket;
  };

function mergedLabels(before: Fields | undefined, change: Fields): Fields {
  const all = Object.entries({ ...before, ...change });
  return Object.fromEntries(all.filter(([, value]) => value !== null));
}

/** What Google finds only when the bucket is to be made. No preview sees it. */
function checkName(name: string): void {
  const isName =
    /^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$/.test(name) &&
    !name.startsWith("goog") &&
    !/google|g00gle/.test(name);
  if (!isName) throw invalid(`Invalid bucket name: '${name}'`);
}

function checkBucket({ location, storageClass, softDeletePolicy, iamConfiguration }: Fields): void {
  if (
    location !== undefined &&
    !/^([a-z]+-[a-z]+[0-9]+|us|eu|asia|nam4|eur[4-8]|asia1)$/i.test(location)
  ) {
    throw invalid("The specified location constraint is not valid.");
  }
  if (storageClass && !/^(STANDARD|NEARLINE|COLDLINE|ARCHIVE)$/.test(storageClass)) {
    throw invalid(`Invalid argument: storage class ${storageClass}.`);
  }
  const seconds = Number(softDeletePolicy?.retentionDurationSeconds ?? 0);
  if (seconds !== 0 && (seconds < 7 * 86_400 || seconds > 90 * 86_400)) {
    throw invalid("Soft delete policy retention duration must be 0, or between 7 and 90 days.");
  }
  const prevention = iamConfiguration?.publicAccessPrevention as string | undefined;
  if (prevention !== undefined && !/^(enforced|inherited|unspecified)$/.test(prevention)) {
    throw invalid(`Invalid argument: public access prevention ${prevention}.`);
  }
}
