import type { Routes } from "./api.ts";
import { collection, pathOf } from "./compute.ts";
import { invalid } from "./googleError.ts";
import type { World } from "./world.ts";

/** Global addresses: of load balancers, and ranges that are set aside for Google's services. */
export function globalAddresses(world: World): Routes {
  return collection(
    world,
    {
      kind: "compute#address",
      path: "global/addresses",
      complete: (address) => {
        const isRange = address["purpose"] === "VPC_PEERING";
        if (isRange) {
          const length = Number(address["prefixLength"]);
          if (!(length >= 8 && length <= 29)) {
            throw invalid(
              `Invalid value for field 'resource.prefixLength': '${address["prefixLength"]}'. Must be between 8 and 29.`,
            );
          }
          world.get(pathOf(address["network"]));
        }
        return {
          address: isRange ? "10.200.0.0" : "203.0.113.8",
          addressType: "EXTERNAL",
          status: "RESERVED",
          networkTier: "PREMIUM",
          labelFingerprint: "42WmSpB8rSM=",
          ipVersion: "IPV4",
          ...address,
        };
      },
    },
    { setLabels: (address, { labels }) => Object.assign(address, { labels }) },
  );
}
