import { overlap, parseRange } from "./addressRanges.ts";
import type { Fields, Routes } from "./api.ts";
import { collection, pathOf } from "./compute.ts";
import { GoogleError, inUse, invalid } from "./googleError.ts";
import { cutOff, servicePeering } from "./serviceNetworking.ts";
import type { World } from "./world.ts";

/** VPC networks and their subnets. */
export function networks(world: World): Routes {
  return {
    ...collection(
      world,
      {
        kind: "compute#network",
        path: "global/networks",
        complete: (network) => ({
          routingConfig: { routingMode: "REGIONAL", bgpBestPathSelectionMode: "LEGACY" },
          networkFirewallPolicyEnforcementOrder: "AFTER_CLASSIC_FIREWALL",
          mtu: 1460,
          selfLinkWithId: `${network["selfLink"]}`,
          ...network,
        }),
        // the peering with Google's services is no exception: it does not go with the network
        checkDelete: (network, path) => {
          const [peering] = peeringsOf(network);
          const user =
            usersOf(world, path, /\/(subnetworks|routers|networkEndpointGroups)\//) ??
            (peering && `${path}/networkPeerings/${peering["name"]}`);
          if (user) throw inUse(`network '${path}'`, user);
        },
      },
      {
        removePeering: (network, { name }) => {
          const rest = peeringsOf(network).filter((peering) => peering["name"] !== name);
          if (rest.length === peeringsOf(network).length) {
            throw invalid(`There is no peering ${name} on the network.`);
          }
          Object.assign(network, { peerings: rest });
          if (name === servicePeering) cutOff(world, pathOf(network["selfLink"]));
        },
      },
    ),
    ...collection(
      world,
      {
        kind: "compute#subnetwork",
        path: "regions/{region}/subnetworks",
        complete: (subnet) => completeSubnet(world, subnet),
        checkChange: (before, change) => {
          if (
            change["fingerprint"] !== undefined &&
            change["fingerprint"] !== before["fingerprint"]
          )
            throw new GoogleError(412, "conditionNotMet", "Invalid fingerprint.");
        },
        checkDelete: (_, path) => {
          const user = world
            .paths()
            .find((other) => pathOf(world.get(other)["subnetwork"]).endsWith(path));
          if (user) throw inUse(`subnetwork '${path}'`, user);
        },
      },
      {
        expandIpCidrRange: (subnet, { ipCidrRange }) => Object.assign(subnet, { ipCidrRange }),
        setPrivateIpGoogleAccess: (subnet, { privateIpGoogleAccess }) =>
          Object.assign(subnet, { privateIpGoogleAccess }),
      },
    ),
  };
}

/** Addresses in a network that are set aside for Google's services. */
export const reservedRanges = (world: World, network: string) =>
  world
    .paths()
    .filter((path) => path.includes("/global/addresses/"))
    .map((path) => world.get(path))
    .filter((range) => range["purpose"] === "VPC_PEERING" && pathOf(range["network"]) === network)
    .map((range) => parseRange(`${range["address"]}/${range["prefixLength"]}`, "address"));

/** Addresses of a network's subnets. */
export const subnetRanges = (world: World, network: string) =>
  world
    .paths()
    .filter((path) => path.includes("/subnetworks/"))
    .map((path) => world.get(path))
    .filter((subnet) => pathOf(subnet["network"]) === network)
    .flatMap(rangesOf);

function completeSubnet(world: World, subnet: Fields): Fields {
  const network = world.get(pathOf(subnet["network"]));
  const own = rangesOf(subnet);
  for (const other of world.paths().filter((path) => path.includes("/subnetworks/"))) {
    const taken = world.get(other);
    if (pathOf(taken["network"]) !== pathOf(network["selfLink"])) continue;
    if (rangesOf(taken).some((range) => own.some((mine) => overlap(range, mine)))) {
      throw invalid(
        `Invalid IPCidrRange: ${subnet["ipCidrRange"]} conflicts with existing subnetwork '${taken["name"]}' in region '${taken["region"]}'.`,
      );
    }
  }
  for (const range of reservedRanges(world, pathOf(network["selfLink"]))) {
    if (!own.some((mine) => overlap(range, mine))) continue;
    throw invalid(
      `Invalid IPCidrRange: ${subnet["ipCidrRange"]} conflicts with an allocated range of the network.`,
    );
  }
  const secondary = (subnet["secondaryIpRanges"] as Fields[] | undefined) ?? [];
  secondary.forEach((range, index) => {
    const others = own.filter((_, other) => other !== index + 1);
    if (others.some((other) => overlap(other, own[index + 1]!))) {
      throw invalid(`Secondary range '${range["rangeName"]}' overlaps with another range.`);
    }
  });
  return {
    gatewayAddress: String(subnet["ipCidrRange"]).replace(/\d+\/\d+$/, "1"),
    privateIpGoogleAccess: false,
    privateIpv6GoogleAccess: "DISABLE_GOOGLE_ACCESS",
    purpose: "PRIVATE",
    stackType: "IPV4_ONLY",
    enableFlowLogs: false,
    ...subnet,
  };
}

const rangesOf = (subnet: Fields) =>
  [subnet, ...((subnet["secondaryIpRanges"] as Fields[] | undefined) ?? [])].map(
    ({ ipCidrRange }) => parseRange(ipCidrRange, "resource.ipCidrRange"),
  );

/** Peerings of a network with others. */
export const peeringsOf = (network: Fields) => (network["peerings"] as Fields[] | undefined) ?? [];

/** The first resource of some kinds that lies in a network. */
export const usersOf = (world: World, network: string, kinds: RegExp) =>
  world.paths().find((path) => kinds.test(path) && pathOf(world.get(path)["network"]) === network);
