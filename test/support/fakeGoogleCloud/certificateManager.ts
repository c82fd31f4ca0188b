import type { Api, Fields, Routes } from "./api.ts";
import { inUse } from "./googleError.ts";
import { longRunning } from "./operations.ts";
import { checkProject } from "./serviceUsage.ts";
import { creationTime, type World } from "./world.ts";

const location = "projects/{project}/locations/{location}";
const service = "certificatemanager.googleapis.com";

type Params = Record<string, string>;

/** Managed certificates, proofs that a domain is ours, and maps from host names to certificates. */
export const certificateManager: Api = {
  service,
  variable: "GOOGLE_CERTIFICATE_MANAGER_CUSTOM_ENDPOINT",
  path: "/certificatemanager/v1/",
  routes: (world) => ({
    ...collection(world, "dnsAuthorizations", "dnsAuthorizationId", (authorization) => ({
      type: "FIXED_RECORD",
      ...authorization,
      dnsResourceRecord: {
        name: `_acme-challenge.${authorization["domain"]}.`,
        type: "CNAME",
        data: `${world.serial()}.0.authorize.certificatemanager.goog.`,
      },
    })),
    ...collection(world, "certificates", "certificateId", (certificate) => ({
      ...certificate,
      managed: {
        ...certificate["managed"],
        dnsAuthorizations: ((certificate["managed"]?.dnsAuthorizations ?? []) as string[]).map(
          (name) => String(world.get(name.slice(name.indexOf("projects/")))["name"]),
        ),
        state: "PROVISIONING",
      },
      sanDnsnames: certificate["managed"]?.domains ?? [],
    })),
    ...collection(
      world,
      "certificateMaps/{map}/certificateMapEntries",
      "certificateMapEntryId",
      (entry) => ({
        ...entry,
        state: "ACTIVE",
      }),
    ),
    ...collection(
      world,
      "certificateMaps",
      "certificateMapId",
      (map) => map,
      (path) => {
        const entry = world.below(`${path}/certificateMapEntries/`)[0];
        if (entry) throw inUse(`certificate map '${path}'`, String(entry["name"]));
      },
    ),
    [`GET ${location}/operations/{operation}`]: ({ params }) =>
      longRunning(world.operations.poll(params["operation"]!), prefix(params)),
  }),
};

const prefix = ({ project, location }: Params) =>
  `projects/${project}/locations/${location}/operations/`;

/** Create, get, patch and delete of one collection. */
function collection(
  world: World,
  kind: string,
  idParameter: string,
  complete: (resource: Fields) => Fields,
  checkDelete: (path: string) => void = () => undefined,
): Routes {
  const all = `${location}/${kind}`;
  const fill = (params: Params, id = params["id"]) =>
    `${all}/${id}`.replace(/\{(\w+)\}/g, (_, part: string) => params[part]!);
  return {
    [`POST ${all}`]: ({ params, query, body }) => {
      checkProject(world, params["project"]!);
      const name = fill(params, query.get(idParameter) ?? "");
      const times = { createTime: creationTime, updateTime: creationTime };
      const resource = world.add(name, complete({ ...body, ...times, name }));
      const operation = world.operations.start("create", name, () => resource);
      return longRunning(operation, prefix(params));
    },
    [`GET ${all}/{id}`]: ({ params }) => world.get(fill(params)),
    [`PATCH ${all}/{id}`]: ({ params, body }) => {
      const resource = Object.assign(world.get(fill(params)), body);
      const operation = world.operations.start("update", fill(params), () => resource);
      return longRunning(operation, prefix(params));
    },
    [`DELETE ${all}/{id}`]: ({ params }) => {
      const path = fill(params);
      world.get(path);
      checkDelete(path);
      const operation = world.operations.start("delete", path, () => void world.remove(path));
      return longRunning(operation, prefix(params));
    },
  };
}
