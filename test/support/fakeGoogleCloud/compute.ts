import type { Api, Fields, Handler, Routes } from "./api.ts";
import { globalAddresses } from "./computeAddresses.ts";
import { networks } from "./computeNetworks.ts";
import { routers } from "./computeRouters.ts";
import { GoogleError, invalid } from "./googleError.ts";
import type { Operation } from "./operations.ts";
import { checkProject } from "./serviceUsage.ts";
import { creationTime, type World } from "./world.ts";

/** Networks, subnets, routers with NAT, global addresses and TLS policies. */
export const compute: Api = {
  service: "compute.googleapis.com",
  variable: "GOOGLE_COMPUTE_CUSTOM_ENDPOINT",
  path: "/compute/beta/",
  routes: (world) => ({
    ...networks(world),
    ...routers(world),
    ...globalAddresses(world),
    ...collection(world, {
      kind: "compute#sslPolicy",
      path: "global/sslPolicies",
      complete: (policy) => ({ enabledFeatures: [], ...policy }),
    }),
    "GET projects/{project}": ({ params }) => {
      checkProject(world, params["project"]!);
      return { kind: "compute#project", name: world.project, id: world.projectNumber };
    },
    "GET projects/{project}/global/operations/{operation}": ({ params }) =>
      operationFields(world, world.operations.poll(params["operation"]!)),
    "GET projects/{project}/regions/{region}/operations/{operation}": ({ params }) =>
      operationFields(world, world.operations.poll(params["operation"]!), params["region"]),
  }),
};

const base = "https://www.googleapis.com/compute/beta/";
const resourceName = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** One of Compute Engine's collections. */
export interface Collection {
  /** Kind, such as `compute#network`. */
  readonly kind: string;
  /** Its part of the path, such as `global/networks` or `regions/{region}/routers`. */
  readonly path: string;
  /** Checks a new resource and fills in what Google adds. */
  complete?(resource: Fields, path: string): Fields;
  /** Refuses a change. */
  checkChange?(before: Fields, change: Fields): void;
  /** Refuses to delete what is in use. */
  checkDelete?(resource: Fields, path: string): void;
}

/** Insert, get, patch, setLabels and delete of one collection, and further verbs. */
export function collection(
  world: World,
  { kind, path, complete, checkChange, checkDelete }: Collection,
  verbs: Record<string, (resource: Fields, body: Fields) => void> = {},
): Routes {
  const all = `projects/{project}/${path}`;
  const one = `${all}/{name}`;
  const done = (type: string, target: string, region?: string, finish?: () => undefined) =>
    operationFields(world, world.operations.start(type, target, finish), region);
  const change: (type: string, make: (resource: Fields, body: Fields) => void) => Handler =
    (type, make) =>
    ({ params, body }) => {
      const target = fill(one, params);
      const resource = found(world, target);
      make(resource, body);
      resource["fingerprint"] = fingerprint(world);
      return done(type, target, params["region"]);
    };
  return {
    [`POST ${all}`]: ({ params, body }) => {
      checkProject(world, params["project"]!);
      checkName(body["name"]);
      const target = fill(`${all}/${body["name"]}`, params);
      const region = params["region"];
      const resource = {
        kind,
        id: world.serial(),
        creationTimestamp: creationTime,
        selfLink: `${base}${target}`,
        fingerprint: fingerprint(world),
        ...(region ? { region: `${base}projects/${params["project"]}/regions/${region}` } : {}),
        ...body,
      };
      world.add(target, complete ? complete(resource, target) : resource);
      return done("insert", target, region);
    },
    [`GET ${one}`]: ({ params }) => found(world, fill(one, params)),
    [`PATCH ${one}`]: change("patch", (resource, body) => {
      checkChange?.(resource, body);
      Object.assign(resource, body);
    }),
    [`DELETE ${one}`]: ({ params }) => {
      const target = fill(one, params);
      checkDelete?.(found(world, target), target);
      return done("delete", target, params["region"], () => {
        world.remove(target);
        return undefined;
      });
    },
    ...Object.fromEntries(
      Object.entries(verbs).map(([verb, make]) => [`POST ${one}/${verb}`, change(verb, make)]),
    ),
  };
}

/** `projects/…/name` out of any way to write a link to a resource. */
export const pathOf = (link: unknown): string => {
  const text = String(link);
  return text.slice(Math.max(0, text.indexOf("projects/")));
};

const fill = (pattern: string, params: Record<string, string>) =>
  pattern.replace(/\{(\w+)\}/g, (_, name: string) => params[name]!);

const fingerprint = (world: World) => Buffer.from(world.serial()).toString("base64");

/** Like every look-up, but with the text of Compute Engine. */
function found(world: World, path: string): Fields {
  const resource = world.find(path);
  if (resource) return resource;
  throw new GoogleError(404, "notFound", `The resource '${path}' was not found`);
}

function checkName(name: unknown): void {
  if (typeof name === "string" && resourceName.test(name)) return;
  throw invalid(
    `Invalid value for field 'resource.name': '${String(name)}'. Must be a match of regex '(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)'`,
  );
}

export function operationFields(
  world: World,
  { name, type, target, isDone }: Operation,
  region?: string,
): Fields {
  const scope = region ? `regions/${region}` : "global";
  return {
    kind: "compute#operation",
    id: name.replace(/\D/g, ""),
    name,
    operationType: type,
    targetLink: `${base}${target}`,
    status: isDone ? "DONE" : "RUNNING",
    progress: isDone ? 100 : 0,
    ...(region ? { region: `${base}projects/${world.project}/regions/${region}` } : {}),
    selfLink: `${base}projects/${world.project}/${scope}/operations/${name}`,
  };
}
