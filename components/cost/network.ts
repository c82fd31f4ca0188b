import { list, number, section, text } from "./inputs.ts";
import type { BillableResource, Line, Surroundings } from "./lines.ts";
import { assumed, dnsZone, forwardingRules, hoursPerMonth, nat, unusedAddress } from "./prices.ts";

/** A NAT gateway with its addresses. Traffic through it is charged in addition. */
export function natLines({ inputs }: BillableResource): Line[] {
  const addresses = Math.max(list(inputs, "natIps").length, 1);
  const { natMachines } = assumed;
  return [
    { item: `gateway, ${natMachines} machines`, usd: natMachines * nat.machine * hoursPerMonth },
    {
      item: addresses === 1 ? "its address" : `its ${addresses} addresses`,
      usd: addresses * nat.address * hoursPerMonth,
    },
  ];
}

/** An address that is reserved: free within the network and where a load balancer answers at it. */
export function addressLines({ inputs }: BillableResource, { balanced }: Surroundings): Line[] {
  const internal = text(inputs, "addressType") === "INTERNAL" || Boolean(text(inputs, "purpose"));
  return internal || balanced
    ? []
    : [{ item: "unused address", usd: unusedAddress * hoursPerMonth }];
}

/** The load balancer that Google makes for a Gateway: a forwarding rule for each of its ports. */
export function gatewayLines({ inputs }: BillableResource): Line[] {
  const ports = list(section(inputs, "spec"), "listeners").map((one) =>
    number(section(one), "port"),
  );
  const rules = Math.max(new Set(ports).size, 1);
  const hourly = forwardingRules.firstFive + Math.max(rules - 5, 0) * forwardingRules.further;
  return [
    {
      item: `load balancer, ${rules === 1 ? "one rule" : `${rules} rules`}`,
      usd: hourly * hoursPerMonth,
    },
  ];
}

/** Whether Google's own controller makes a load balancer for this Gateway. */
export const isGoogleGateway = ({ type, inputs }: BillableResource): boolean =>
  /^kubernetes:gateway\.networking\.k8s\.io\/[^:]+:Gateway$/.test(type) &&
  (text(section(inputs, "spec"), "gatewayClassName")?.startsWith("gke-") ?? false);

export function dnsLines(_: BillableResource): Line[] {
  return [{ item: "managed zone", usd: dnsZone }];
}
