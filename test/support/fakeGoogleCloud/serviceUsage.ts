import type { Api, Fields } from "./api.ts";
import { forbidden } from "./googleError.ts";
import { longRunning } from "./operations.ts";
import type { World } from "./world.ts";

const refusalsAtFirst = 2;

/** Enabling of APIs. */
export const serviceUsage: Api = {
  service: "serviceusage.googleapis.com",
  variable: "GOOGLE_SERVICE_USAGE_CUSTOM_ENDPOINT",
  path: "/serviceusage/v1/",
  routes: (world) => ({
    "GET projects/{project}/services": ({ params }) => ({
      services: [...world.enabledServices].map((name) => service(world, params["project"]!, name)),
    }),
    "GET projects/{project}/services/{service}": ({ params }) =>
      service(world, params["project"]!, params["service"]!),
    "POST projects/{project}/services/{service}:enable": ({ params }) =>
      enable(world, params["project"]!, [params["service"]!]),
    "POST projects/{project}/services:batchEnable": ({ params, body }) =>
      enable(world, params["project"]!, body["serviceIds"] as string[]),
    "GET operations/{operation}": ({ params }) =>
      longRunning(world.operations.poll(params["operation"]!), "operations/"),
  }),
};

function service(world: World, project: string, name: string): Fields {
  checkProject(world, project);
  const state = world.enabledServices.has(name) ? "ENABLED" : "DISABLED";
  return {
    name: `projects/${world.projectNumber}/services/${name}`,
    parent: `projects/${world.projectNumber}`,
    config: { name },
    state,
  };
}

function enable(world: World, project: string, names: string[]): Fields {
  checkProject(world, project);
  const operation = world.operations.start("enable", names.join(), () => {
    for (const name of names.filter((one) => !world.enabledServices.has(one))) {
      world.enabledServices.add(name);
      world.settling.set(name, refusalsAtFirst);
      if (name === "servicenetworking.googleapis.com") world.agentAttempts = 1;
    }
    return undefined;
  });
  return longRunning(operation, "operations/");
}

export function checkProject(world: World, project: string): void {
  if (project === world.project || project === world.projectNumber) return;
  throw forbidden(
    `Permission denied on resource project ${project}, or the project does not exist.`,
  );
}
