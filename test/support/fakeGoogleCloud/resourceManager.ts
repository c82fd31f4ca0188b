import type { Api } from "./api.ts";
import { checkProject } from "./serviceUsage.ts";
import { creationTime } from "./world.ts";

/** The project itself and who may do what in it. */
export const resourceManager: Api = {
  service: "cloudresourcemanager.googleapis.com",
  variable: "GOOGLE_RESOURCE_MANAGER_CUSTOM_ENDPOINT",
  path: "/resourcemanager/v1/",
  routes: (world) => ({
    "GET projects/{project}": ({ params }) => {
      checkProject(world, params["project"]!);
      return {
        projectId: world.project,
        projectNumber: world.projectNumber,
        name: world.project,
        lifecycleState: "ACTIVE",
        createTime: creationTime,
      };
    },
    "POST projects/{project}:getIamPolicy": ({ params, body }) => {
      checkProject(world, params["project"]!);
      return world.policies.get(
        `projects/${world.project}`,
        Number(body["options"]?.requestedPolicyVersion ?? 1),
      );
    },
    "POST projects/{project}:setIamPolicy": ({ params, body }) => {
      checkProject(world, params["project"]!);
      return world.policies.set(`projects/${world.project}`, body["policy"]);
    },
  }),
};
