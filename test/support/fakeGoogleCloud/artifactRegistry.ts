import type { Api } from "./api.ts";
import { invalid } from "./googleError.ts";
import { longRunning } from "./operations.ts";
import { checkProject } from "./serviceUsage.ts";
import { creationTime } from "./world.ts";

const location = "projects/{project}/locations/{location}";
const all = `${location}/repositories`;
const one = `${all}/{repository}`;

/** Repositories for images and who may read them. */
export const artifactRegistry: Api = {
  service: "artifactregistry.googleapis.com",
  variable: "GOOGLE_ARTIFACT_REGISTRY_CUSTOM_ENDPOINT",
  path: "/artifactregistry/v1/",
  routes: (world) => {
    const pathOf = (params: Record<string, string>, id = params["repository"]) =>
      `projects/${params["project"]}/locations/${params["location"]}/repositories/${id}`;
    const prefix = (params: Record<string, string>) =>
      `projects/${params["project"]}/locations/${params["location"]}/operations/`;
    return {
      [`POST ${all}`]: ({ params, query, body }) => {
        checkProject(world, params["project"]!);
        const id = query.get("repository_id") ?? query.get("repositoryId") ?? "";
        if (!/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(id)) {
          throw invalid(`Invalid repository id: ${id}`);
        }
        if (!/^(DOCKER|MAVEN|NPM|PYTHON|APT|YUM|GO|GENERIC|KFP)$/.test(body["format"])) {
          throw invalid(`Invalid repository format: ${body["format"]}`);
        }
        const name = pathOf(params, id);
        const repository = world.add(name, {
          mode: "STANDARD_REPOSITORY",
          vulnerabilityScanningConfig: {
            enablementState: "SCANNING_DISABLED",
            enablementStateReason: "API containerscanning.googleapis.com is not enabled.",
          },
          registryUri: `${params["location"]}-docker.pkg.dev/${params["project"]}/${id}`,
          createTime: creationTime,
          updateTime: creationTime,
          ...body,
          name,
        });
        const operation = world.operations.start("create", name, () => repository);
        return longRunning(operation, prefix(params));
      },
      [`GET ${one}`]: ({ params }) => world.get(pathOf(params)),
      [`PATCH ${one}`]: ({ params, body }) => {
        const { name: _, ...changed } = body;
        return Object.assign(world.get(pathOf(params)), changed);
      },
      [`DELETE ${one}`]: ({ params }) => {
        const path = pathOf(params);
        world.get(path);
        const operation = world.operations.start("delete", path, () => {
          world.remove(path);
          world.policies.remove(path);
          return undefined;
        });
        return longRunning(operation, prefix(params));
      },
      [`GET ${one}:getIamPolicy`]: ({ params, query }) => {
        world.get(pathOf(params));
        return world.policies.get(
          pathOf(params),
          Number(query.get("options.requestedPolicyVersion") ?? 1),
        );
      },
      [`POST ${one}:setIamPolicy`]: ({ params, body }) => {
        world.get(pathOf(params));
        return world.policies.set(pathOf(params), body["policy"]);
      },
      [`GET ${location}/operations/{operation}`]: ({ params }) =>
        longRunning(world.operations.poll(params["operation"]!), prefix(params)),
    };
  },
};
