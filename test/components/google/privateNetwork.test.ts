import { PrivateNetwork, type PrivateNetworkArgs } from "../../../components/index.ts";
import { describeArguments, describePreview, describeRefusals, tree } from "../../support/cases.ts";
import { record } from "../../support/recorder.ts";

const make = (name: string, args: PrivateNetworkArgs) => new PrivateNetwork(name, args);
const base: PrivateNetworkArgs = { project: "my-project", region: "europe-west3" };
const withServices: PrivateNetworkArgs = { ...base, privateServices: true };

test("makes a network with one subnet, and a NAT gateway for outgoing traffic", async () => {
  const { resources, find } = await record(() => make("net", base));
  expect(tree(resources)).toEqual([
    "gcp:compute/network:Network net-network < net",
    "gcp:compute/router:Router net-router < net",
    "gcp:compute/routerNat:RouterNat net-nat < net",
    "gcp:compute/subnetwork:Subnetwork net-subnet < net",
    "mlops:index:PrivateNetwork net",
  ]);
  expect(find("net-network").inputs).toEqual({
    project: "my-project",
    autoCreateSubnetworks: false,
    routingMode: "REGIONAL",
  });
  expect(find("net-subnet").inputs).toEqual({
    project: "my-project",
    region: "europe-west3",
    network: "net-network-id",
    ipCidrRange: "10.10.0.0/20",
    secondaryIpRanges: [
      { rangeName: "pods", ipCidrRange: "10.20.0.0/16" },
      { rangeName: "services", ipCidrRange: "10.30.0.0/20" },
    ],
    privateIpGoogleAccess: true,
  });
  expect(find("net-nat").inputs).toEqual({
    project: "my-project",
    region: "europe-west3",
    router: "net-router-1a2b3c",
    natIpAllocateOption: "AUTO_ONLY",
    sourceSubnetworkIpRangesToNat: "ALL_SUBNETWORKS_ALL_IP_RANGES",
    enableDynamicPortAllocation: true,
    minPortsPerVm: 64,
    maxPortsPerVm: 4096,
    logConfig: { enable: true, filter: "ERRORS_ONLY" },
  });
});

test("outputs what a cluster needs, and the cost of the gateway", async () => {
  const { find } = await record(() => make("net", base));
  expect(find("net").outputs).toEqual({
    networkId: "net-network-id",
    subnetworkId: "net-subnet-id",
    podRangeName: "pods",
    serviceRangeName: "services",
    monthlyCostUsd: 6.72,
  });
});

test("users of private services wait for the peering through an output", async () => {
  const { result, find, resources } = await record(() => make("net", withServices));
  expect(tree(resources)).toContain(
    "gcp:servicenetworking/connection:Connection net-services < net",
  );
  expect(find("net-services-range").inputs).toEqual({
    project: "my-project",
    network: "net-network-id",
    purpose: "VPC_PEERING",
    addressType: "INTERNAL",
    prefixLength: 20,
    labels: { "part-of": "mlops-platform", "managed-by": "pulumi" },
  });
  expect(find("net-services").inputs).toEqual({
    network: "net-network-id",
    service: "servicenetworking.googleapis.com",
    reservedPeeringRanges: ["net-services-range-1a2b3c"],
    deletionPolicy: "ABANDON",
  });
  expect(find("net-services").options.dependsOn).toEqual(["net-network", "net-services-range"]);
  expect(find("net").outputs).toMatchObject({ privateServicesNetworkId: "net-network-id" });
  const waitsFor = await sources(result.privateServicesNetworkId!);
  expect(waitsFor).toContain("net-services");
  expect(await sources(result.networkId)).not.toContain("net-services");
});

/** Logical names of the resources that an output comes from. */
async function sources(output: object): Promise<string[]> {
  const { allResources } = output as {
    allResources(): Promise<Set<{ __name: string }>>;
  };
  return [...(await allResources.call(output))].map(({ __name }) => __name);
}

const owned = ["net-nat", "net-network", "net-router", "net-subnet"];
describeArguments(make, "net", base, {
  project: {
    value: "other-project",
    changes: owned.map((name) => `${name} project: my-project → other-project`),
  },
  region: {
    value: "us-central1",
    changes: ["net-nat", "net-router", "net-subnet"].map(
      (name) => `${name} region: europe-west3 → us-central1`,
    ),
  },
  nodeRange: {
    value: "192.168.0.0/24",
    changes: ["net-subnet ipCidrRange: 10.10.0.0/20 → 192.168.0.0/24"],
  },
  podRange: {
    value: "172.18.0.0/21",
    changes: ["net-subnet secondaryIpRanges[0].ipCidrRange: 10.20.0.0/16 → 172.18.0.0/21"],
  },
  serviceRange: {
    value: "10.40.0.0/24",
    changes: ["net-subnet secondaryIpRanges[1].ipCidrRange: 10.30.0.0/20 → 10.40.0.0/24"],
  },
  privateServices: {
    value: true,
    changes: [
      "net outputs.privateServicesNetworkId: ∅ → net-network-id",
      "+ net-services",
      "+ net-services-range",
    ],
  },
  labels: {
    value: { team: "blue" },
    with: { privateServices: true },
    changes: ["net-services-range labels.team: ∅ → blue"],
  },
});

const subject = 'PrivateNetwork "net"';
const form = (argument: string, given: string) =>
  `${subject}: ${argument} must be a range of IPv4 addresses such as 10.20.0.0/16, with no bit set after its prefix, not "${given}"`;
const place = "must lie in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16";
describeRefusals(make, "net", base, [
  [
    { project: "My Project" },
    `${subject}: project must be a project's id, as \`gcloud projects list\` prints it: 6 to 30 lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen`,
  ],
  [{ nodeRange: "10.10.0.0" }, form("nodeRange", "10.10.0.0")],
  [{ nodeRange: "10.10.0.1/20" }, form("nodeRange", "10.10.0.1/20")],
  [{ podRange: "10.20.0.0/33" }, form("podRange", "10.20.0.0/33")],
  [{ serviceRange: "10.256.0.0/20" }, form("serviceRange", "10.256.0.0/20")],
  [
    { nodeRange: "10.10.0.0/29" },
    `${subject}: nodeRange must have a prefix from /8 to /28, because a node takes one address, the control plane another`,
  ],
  [
    { podRange: "10.20.0.0/22" },
    `${subject}: podRange must have a prefix from /9 to /21, because every node takes 256 addresses for its pods`,
  ],
  [
    { serviceRange: "10.0.0.0/12" },
    `${subject}: serviceRange must have a prefix from /16 to /27, because every Service takes one address`,
  ],
  [{ nodeRange: "11.0.0.0/20" }, `${subject}: nodeRange ${place}`],
  [{ podRange: "172.32.0.0/16" }, `${subject}: podRange ${place}`],
  [
    { podRange: "172.16.0.0/15" },
    `${subject}: podRange must not overlap 172.17.0.0/16, from which Cloud SQL cannot be reached; choose another range`,
  ],
  [
    { podRange: "10.10.0.0/16" },
    `${subject}: nodeRange and podRange must not overlap; choose another range for one of them`,
  ],
  [
    { serviceRange: "10.20.240.0/20" },
    `${subject}: podRange and serviceRange must not overlap; choose another range for one of them`,
  ],
  [
    { labels: { Team: "blue" } },
    `${subject}: labels: the key "Team" must have 1 to 63 characters, a letter first, and lower-case letters, digits, hyphens and underscores only`,
  ],
]);

describe("refuses a name that cannot become a name on Google Cloud", () => {
  test.each([
    [
      "Net",
      "be lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen",
    ],
    ["n".repeat(41), "have at most 40 characters"],
  ])("%s", (name, rule) => {
    expect(() => make(name, base)).toThrow(
      `PrivateNetwork "${name}": its name must ${rule}, for names at Google are made of it`,
    );
  });
});

describePreview(make, "net", withServices, (unknown) => ({
  project: unknown,
  labels: { team: unknown },
}));
