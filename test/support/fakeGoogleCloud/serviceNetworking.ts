import type { Api, Fields } from "./api.ts";
import { pathOf } from "./compute.ts";
import { peeringsOf } from "./computeNetworks.ts";
import { GoogleError, invalid } from "./googleError.ts";
import { longRunning } from "./operations.ts";
import type { World } from "./world.ts";

const services = "services/{service}/connections";

/** Name of the peering with Google's services, the same in every network. */
export const servicePeering = "servicenetworking-googleapis-com";

/** Private Service Access: the peering between a network and that of Google's services. */
export const serviceNetworking: Api = {
  service: "servicenetworking.googleapis.com",
  variable: "GOOGLE_SERVICE_NETWORKING_CUSTOM_ENDPOINT",
  path: "/servicenetworking/v1/",
  routes: (world) => ({
    [`GET ${services}`]: ({ query }) => {
      const found = world.find(pathOfConnection(world, query.get("network") ?? ""));
      return found ? { connections: [found] } : {};
    },
    [`POST ${services}`]: ({ body }) => {
      const path = pathOfConnection(world, body["network"]);
      if (world.find(path)) {
        throw invalid(
          "Cannot modify allocated ranges in CreateConnection. Please use UpdateConnection.",
        );
      }
      checkRanges(world, body["reservedPeeringRanges"]);
      const operation = world.operations.start("create", path, () => connect(world, path, body));
      return longRunning(operation, "operations/");
    },
    [`PATCH ${services}/{connection}`]: ({ body }) => {
      const path = pathOfConnection(world, body["network"]);
      checkRanges(world, body["reservedPeeringRanges"]);
      Object.assign(world.get(path), { reservedPeeringRanges: body["reservedPeeringRanges"] });
      return longRunning(world.operations.start("update", path), "operations/");
    },
    "POST services/{service}/connections/{connection}:deleteConnection": ({ body }) =>
      remove(world, body["consumerNetwork"]),
    "GET operations/{operation}": ({ params }) =>
      longRunning(world.operations.poll(params["operation"]!), "operations/"),
  }),
};

/** Google knows networks here by their project's number. */
export function pathOfConnection(world: World, network: string): string {
  const path = pathOf(network).replace(
    `projects/${world.projectNumber}/`,
    `projects/${world.project}/`,
  );
  world.get(path);
  return connectionOf(path);
}

/** Made by a service agent in the project, which gets its role some time after the API is enabled. */
function connect(world: World, path: string, body: Fields): Fields {
  if (world.agentAttempts-- > 0) {
    throw new GoogleError(
      7,
      "PERMISSION_DENIED",
      `Required 'compute.globalAddresses.list' permission for 'projects/${world.projectNumber}'`,
    );
  }
  const network = world.get(networkOf(path));
  network["peerings"] = [...peeringsOf(network), { name: servicePeering, state: "ACTIVE" }];
  return world.add(path, {
    network: body["network"],
    reservedPeeringRanges: body["reservedPeeringRanges"],
    peering: servicePeering,
    service: "services/servicenetworking.googleapis.com",
  });
}

/** Removes the peering of a connection: an instance that still exists is lost. */
export function cutOff(world: World, network: string): void {
  world.remove(connectionOf(network));
  for (const instance of world.below(`projects/${world.project}/instances/`)) {
    const { privateNetwork } = instance["settings"].ipConfiguration as Fields;
    if (privateNetwork && pathOf(privateNetwork) === network) instance["state"] = "FAILED";
  }
}

const connectionOf = (network: string) => `${network}/connections/servicenetworking`;
const networkOf = (connection: string) => connection.replace(/\/connections\/\w+$/, "");

function checkRanges(world: World, ranges: unknown): void {
  for (const name of (ranges as string[] | undefined) ?? []) {
    world.get(`projects/${world.project}/global/addresses/${name}`);
  }
}

/** Google keeps an instance's address for days after the instance is gone, and refuses until then. */
function remove(world: World, network: string): Fields {
  const path = pathOfConnection(world, network);
  if (world.get(path)["hadInstances"]) {
    throw new GoogleError(
      400,
      "FLOW_SN_DC_RESOURCE_PREVENTING_DELETE_CONNECTION",
      "Failed to delete connection; Producer services (e.g. CloudSQL, Cloud Memstore, etc.) are still using this connection.",
      "FAILED_PRECONDITION",
    );
  }
  const operation = world.operations.start("delete", path, () => {
    world.remove(path);
    world.get(networkOf(path))["peerings"] = [];
    return undefined;
  });
  return longRunning(operation, "operations/");
}
