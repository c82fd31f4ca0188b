import type { GkeClusterArgs } from "./gkeArguments.ts";
import type { nodeSecurity } from "./gkeNodePools.ts";

/** Private nodes in the given subnet, and who may reach the API server. */
export function clusterNetwork(args: GkeClusterArgs) {
  const { authorizedNetworks } = args;
  return {
    network: args.networkId,
    subnetwork: args.subnetworkId,
    networkingMode: "VPC_NATIVE",
    ipAllocationPolicy: {
      clusterSecondaryRangeName: args.podRangeName,
      servicesSecondaryRangeName: args.serviceRangeName,
    },
    privateClusterConfig: { enablePrivateNodes: true, enablePrivateEndpoint: false },
    ...(authorizedNetworks === undefined
      ? {}
      : {
          masterAuthorizedNetworksConfig: {
            cidrBlocks: authorizedNetworks.map((cidrBlock) => ({ cidrBlock })),
            // machines of other customers of Google are no more trusted than others
            gcpPublicCidrsAccessEnabled: false,
          },
        }),
  };
}

type NodeSecurity = ReturnType<typeof nodeSecurity>;

/** Node pools of our own. The one that Google insists on making first is removed, but must be able to start. */
export function standardNodes(nodes: NodeSecurity) {
  const { serviceAccount, oauthScopes, shieldedInstanceConfig } = nodes;
  return {
    removeDefaultNodePool: true,
    initialNodeCount: 1,
    nodeConfig: {
      // else they would run as the project's default account, which may be an editor, or gone
      serviceAccount,
      oauthScopes,
      shieldedInstanceConfig,
      // three zones of Google's default, 100 GB of SSD, are more than the quota of a new project
      diskType: "pd-standard",
      diskSizeGb: 30,
    },
    datapathProvider: "ADVANCED_DATAPATH",
    nodePoolDefaults: { nodeConfigDefaults: { insecureKubeletReadonlyPortEnabled: "FALSE" } },
    // the platform brings a Prometheus of its own: Google's would take memory on every node
    monitoringConfig: {
      enableComponents: ["SYSTEM_COMPONENTS"],
      managedPrometheus: { enabled: false },
    },
  };
}

/** Nodes by Google, as our account too. */
export function autopilotNodes({ serviceAccount, oauthScopes }: NodeSecurity) {
  return {
    enableAutopilot: true,
    clusterAutoscaling: { autoProvisioningDefaults: { serviceAccount, oauthScopes } },
    // by default Google collects more metrics, paid for by sample, next to the platform's own Prometheus
    monitoringConfig: { enableComponents: ["SYSTEM_COMPONENTS"] },
  };
}
