import type { Api, Fields } from "./api.ts";
import { notFound } from "./googleError.ts";
import { checkProject } from "./serviceUsage.ts";
import { creationTime, type World } from "./world.ts";

const zone = "projects/{project}/managedZones/{zone}";
const one = `${zone}/rrsets/{name}/{type}`;

/** Records in a zone that exists already: the program never makes one. */
export const dns: Api = {
  service: "dns.googleapis.com",
  variable: "GOOGLE_DNS_CUSTOM_ENDPOINT",
  path: "/dns/v1beta2/",
  routes: (world) => ({
    [`GET ${zone}`]: ({ params }) => found(world, params["zone"]!),
    [`POST ${zone}/changes`]: ({ params, body }) => {
      checkProject(world, params["project"]!);
      found(world, params["zone"]!);
      for (const record of (body["deletions"] ?? []) as Fields[]) {
        world.remove(recordPath(params["zone"]!, record));
      }
      for (const record of (body["additions"] ?? []) as Fields[]) {
        world.add(recordPath(params["zone"]!, record), {
          kind: "dns#resourceRecordSet",
          ...record,
        });
      }
      return { kind: "dns#change", id: "1", status: "done", startTime: creationTime, ...body };
    },
    [`GET ${zone}/changes/{change}`]: ({ params }) => ({
      kind: "dns#change",
      id: params["change"],
      status: "done",
    }),
    [`GET ${zone}/rrsets`]: ({ params, query }) => ({
      kind: "dns#resourceRecordSetsListResponse",
      rrsets: world
        .paths()
        .filter((path) => path.startsWith(`zones/${params["zone"]}/`))
        .map((path) => world.get(path))
        .filter(
          ({ name, type }) =>
            !query.get("name") || (name === query.get("name") && type === query.get("type")),
        ),
    }),
    [`GET ${one}`]: ({ params }) => world.get(recordPath(params["zone"]!, params)),
  }),
};

/** Makes a zone, as the owner of a domain does once. */
export const addZone = (world: World, name: string, dnsName: string): Fields =>
  world.add(`zones/${name}`, {
    kind: "dns#managedZone",
    name,
    dnsName,
    id: "1",
    visibility: "public",
  });

function found(world: World, name: string): Fields {
  const resource = world.find(`zones/${name}`);
  if (resource) return resource;
  throw notFound(`The 'parameters.managedZone' resource named '${name}' does not exist.`);
}

const recordPath = (zone: string, { name, type }: Fields) => `zones/${zone}/${name}/${type}`;
