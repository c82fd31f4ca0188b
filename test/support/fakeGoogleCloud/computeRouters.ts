import type { Routes } from "./api.ts";
import { collection, pathOf } from "./compute.ts";
import { invalid } from "./googleError.ts";
import type { World } from "./world.ts";

/** Cloud Routers; their NAT gateways are part of them. */
export function routers(world: World): Routes {
  return collection(world, {
    kind: "compute#router",
    path: "regions/{region}/routers",
    complete: (router) => {
      world.get(pathOf(router["network"]));
      return { encryptedInterconnectRouter: false, ...router };
    },
    checkChange: (_, { nats }) => {
      for (const nat of (nats as Record<string, any>[] | undefined) ?? []) {
        if (nat["sourceSubnetworkIpRangesToNat"] === undefined) {
          throw invalid("Invalid value for field 'resource.nats[0].sourceSubnetworkIpRangesToNat'");
        }
        // what Google fills in
        nat["natIpAllocateOption"] ??= "AUTO_ONLY";
        nat["type"] ??= "PUBLIC";
        nat["enableEndpointIndependentMapping"] ??= false;
        nat["endpointTypes"] ??= ["ENDPOINT_TYPE_VM"];
        nat["autoNetworkTier"] ??= "PREMIUM";
      }
    },
  });
}
