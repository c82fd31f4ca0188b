import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { resourceCostUsd } from "../cost/index.ts";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { checkPrivateNetwork, defaultRanges, type PrivateNetworkArgs } from "./arguments.ts";
import { labelsAtGoogle } from "./googleNames.ts";

/**
 * A network for machines without a public address: one subnet with ranges for nodes, pods and Services, a NAT gateway
 * for outbound traffic and, optionally, the peering that connects Cloud SQL.
 */
export class PrivateNetwork extends pulumi.ComponentResource {
  /** Id of the network. */
  public readonly networkId: pulumi.Output<string>;
  /** Id of the subnet. */
  public readonly subnetworkId: pulumi.Output<string>;
  /** Name of the subnet's range for pods. */
  public readonly podRangeName: pulumi.Output<string>;
  /** Name of the subnet's range for Services. */
  public readonly serviceRangeName: pulumi.Output<string>;
  /** Id of the network, known once the peering exists, so that resources that use it wait for the peering. Absent without `privateServices`. */
  public readonly privateServicesNetworkId?: pulumi.Output<string>;
  /** Monthly cost in US dollars, without traffic. */
  public readonly monthlyCostUsd: pulumi.Output<number>;

  constructor(name: string, args: PrivateNetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArguments(`PrivateNetwork "${name}"`, args, checkPrivateNetwork(name));
    super("mlops:index:PrivateNetwork", name, args, opts);

    const child = { parent: this };
    const { project, region } = args;
    const labels = labelsAtGoogle(args.labels);
    const {
      nodeRange = defaultRanges.nodeRange,
      podRange = defaultRanges.podRange,
      serviceRange = defaultRanges.serviceRange,
    } = args;
    const network = new gcp.compute.Network(
      `${name}-network`,
      { project, autoCreateSubnetworks: false, routingMode: "REGIONAL" },
      child,
    );
    const subnet = new gcp.compute.Subnetwork(
      `${name}-subnet`,
      {
        project,
        region,
        network: network.id,
        ipCidrRange: nodeRange,
        secondaryIpRanges: [
          { rangeName: "pods", ipCidrRange: podRange },
          { rangeName: "services", ipCidrRange: serviceRange },
        ],
        // Google's own services, the registry and buckets among them, are reached without the NAT gateway
        privateIpGoogleAccess: true,
      },
      child,
    );
    const router = new gcp.compute.Router(
      `${name}-router`,
      { project, region, network: network.id },
      child,
    );
    const priced = {
      region,
      natIpAllocateOption: "AUTO_ONLY",
      sourceSubnetworkIpRangesToNat: "ALL_SUBNETWORKS_ALL_IP_RANGES",
    };
    new gcp.compute.RouterNat(
      `${name}-nat`,
      {
        ...priced,
        project,
        router: router.name,
        // 64 ports a node, the default, are too few for a node of pods that call the same server
        enableDynamicPortAllocation: true,
        minPortsPerVm: 64,
        maxPortsPerVm: 4096,
        logConfig: { enable: true, filter: "ERRORS_ONLY" },
      },
      child,
    );

    this.networkId = network.id;
    this.subnetworkId = subnet.id;
    this.podRangeName = rangeName(subnet, "pods");
    this.serviceRangeName = rangeName(subnet, "services");
    if (args.privateServices === true) {
      const place = { project, network, subnet, labels };
      this.privateServicesNetworkId = peering(name, place, child).network;
    }
    this.monthlyCostUsd = pulumi.output(resourceCostUsd("gcp:compute/routerNat:RouterNat", priced));
    this.registerOutputs(outputsOf(this));
  }
}

interface PeeringPlace {
  readonly project: pulumi.Input<string>;
  readonly network: gcp.compute.Network;
  readonly subnet: gcp.compute.Subnetwork;
  readonly labels: { [key: string]: pulumi.Input<string> };
}

/** Private Service Access: addresses set aside for Google's services, and the peering of their network with ours. */
function peering(
  name: string,
  { project, network, subnet, labels }: PeeringPlace,
  child: pulumi.CustomResourceOptions,
): gcp.servicenetworking.Connection {
  const range = new gcp.compute.GlobalAddress(
    `${name}-services-range`,
    {
      project,
      network: network.id,
      purpose: "VPC_PEERING",
      addressType: "INTERNAL",
      // Google chooses addresses that no subnet has yet, so ours has to exist before
      prefixLength: 20,
      labels,
    },
    { ...child, dependsOn: subnet },
  );
  return new gcp.servicenetworking.Connection(
    `${name}-services`,
    {
      network: network.id,
      service: "servicenetworking.googleapis.com",
      reservedPeeringRanges: [range.name],
      // for days after Cloud SQL is gone Google refuses to delete the connection; its peering holds the network
      // meanwhile, and `npm run down` removes it there
      deletionPolicy: "ABANDON",
    },
    child,
  );
}

/** The name of a range, known once the subnet is there. */
const rangeName = (subnet: gcp.compute.Subnetwork, name: string) => subnet.id.apply(() => name);
