import { formatAddress, overlap, parseRange } from "./addressRanges.ts";
import type { Fields, Routes } from "./api.ts";
import { collection, pathOf } from "./compute.ts";
import { reservedRanges, subnetRanges } from "./computeNetworks.ts";
import { GoogleError, invalid } from "./googleError.ts";
import type { World } from "./world.ts";

/** Global addresses: of load balancers, and ranges that are set aside for Google's services. */
export function globalAddresses(world: World): Routes {
  return collection(
    world,
    {
      kind: "compute#address",
      path: "global/addresses",
      complete: (address) => ({
        address: address["purpose"] === "VPC_PEERING" ? freeRange(world, address) : "203.0.113.8",
        addressType: "EXTERNAL",
        status: "RESERVED",
        networkTier: "PREMIUM",
        labelFingerprint: "42WmSpB8rSM=",
        ipVersion: "IPV4",
        ...address,
      }),
    },
    { setLabels: (address, { labels }) => Object.assign(address, { labels }) },
  );
}

/**
 * The first address of a range that nothing in the network has yet. Google may choose any such range: this one begins
 * with the addresses that subnets have by default, so that a subnet which comes later is refused.
 */
function freeRange(world: World, { prefixLength, network }: Fields): string {
  const length = Number(prefixLength);
  if (!(length >= 8 && length <= 29)) {
    throw invalid(
      `Invalid value for field 'resource.prefixLength': '${prefixLength}'. Must be between 8 and 29.`,
    );
  }
  const path = pathOf(network);
  world.get(path);
  const taken = [...subnetRanges(world, path), ...reservedRanges(world, path)];
  const size = 2 ** (32 - length);
  const within = parseRange("10.0.0.0/8", "address");
  const start = parseRange("10.10.0.0/16", "address").first;
  for (let first = start - (start % size); first < within.last; first += size) {
    const range = { first, last: first + size - 1 };
    if (!taken.some((other) => overlap(range, other))) return formatAddress(first);
  }
  throw new GoogleError(400, "rangeExhausted", `No free range of /${length} in the network.`);
}
