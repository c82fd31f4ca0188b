import { refuse } from "../core/checks.ts";
import { type AddressRange, addressRange, rangesOverlap } from "../core/addressRanges.ts";

/** What a network hands out addresses from. */
export interface NetworkRanges {
  readonly nodeRange: string;
  readonly podRange: string;
  readonly serviceRange: string;
}

// Cloud SQL answers private addresses of these alone.
const privateRanges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].map(parsed);
// the bridge on the host of every Cloud SQL instance: answers to it never leave that host
const bridge = parsed("172.17.0.0/16");

const rules: {
  readonly [Name in keyof NetworkRanges]: {
    widest: number;
    narrowest: number;
    why: string;
  };
} = {
  nodeRange: {
    widest: 8,
    narrowest: 28,
    why: "a node takes one address, the control plane another",
  },
  podRange: { widest: 9, narrowest: 21, why: "every node takes 256 addresses for its pods" },
  serviceRange: { widest: 16, narrowest: 27, why: "every Service takes one address" },
};

/** Refuses ranges that Google would refuse while the network or the cluster is made, or that run out at once. */
export function checkNetworkRanges(subject: string, ranges: NetworkRanges): void {
  const names = Object.keys(rules) as (keyof NetworkRanges)[];
  for (const name of names) checkRange(subject, name, ranges[name]);
  for (const [index, name] of names.entries()) {
    for (const other of names.slice(index + 1)) {
      refuse(
        subject,
        rangesOverlap(parsed(ranges[name]), parsed(ranges[other])),
        `${name} and ${other} must not overlap; choose another range for one of them`,
      );
    }
  }
}

function checkRange(subject: string, name: keyof NetworkRanges, cidr: string): void {
  const range = addressRange(cidr);
  if (range === undefined) {
    refuse(
      subject,
      true,
      `${name} must be a range of IPv4 addresses such as 10.20.0.0/16, with no bit set behind its prefix, not "${cidr}"`,
    );
    return;
  }
  const { widest, narrowest, why } = rules[name];
  refuse(
    subject,
    range.prefix < widest || range.prefix > narrowest,
    `${name} must have a prefix from /${widest} to /${narrowest}, for ${why}`,
  );
  refuse(
    subject,
    !privateRanges.some((whole) => within(range, whole)),
    `${name} must lie in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16`,
  );
  refuse(
    subject,
    rangesOverlap(range, bridge),
    `${name} must not overlap 172.17.0.0/16, from which Cloud SQL cannot be reached; choose another range`,
  );
}

/** A range that is known to be one. */
function parsed(cidr: string): AddressRange {
  return addressRange(cidr)!;
}

const within = (range: AddressRange, whole: AddressRange) =>
  range.first >= whole.first && range.last <= whole.last;
