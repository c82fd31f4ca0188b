import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { monthlyCostUsd } from "../cost/index.ts";
import { checkArguments } from "../core/checks.ts";
import { outputsOf } from "../core/outputs.ts";
import { checkGkeCluster, type GkeClusterArgs } from "./gkeArguments.ts";
import { gkeKubeconfig } from "./gkeKubeconfig.ts";
import { GkeMode, GkeReleaseChannel } from "./gkeMachines.ts";
import {
  gpuPool,
  gpuTaint,
  type NodePoolShape,
  nodeSecurity,
  standardPool,
  upgradeSettings,
} from "./gkeNodePools.ts";
import { labelsAtGoogle } from "./googleNames.ts";

/**
 * A GKE cluster with private nodes, Workload Identity, Dataplane V2 network policies and the Gateway API. Nodes run
 * as a service account that can only write logs and metrics.
 */
export class GkeCluster extends pulumi.ComponentResource {
  /** Name of the cluster. */
  public readonly clusterName: pulumi.Output<string>;
  /** Region or zone of the cluster. */
  public readonly location: pulumi.Output<string>;
  /** Address of the API server. */
  public readonly endpoint: pulumi.Output<string>;
  /** Address of the API server inside the network. */
  public readonly privateEndpoint: pulumi.Output<string>;
  /** Workload Identity pool `PROJECT.svc.id.goog`, known once the cluster has created it. */
  public readonly workloadPool: pulumi.Output<string>;
  /** Kubeconfig, known once there are nodes; a secret. It contains no credential: gke-gcloud-auth-plugin gets one for the user who is logged in to Google. */
  public readonly kubeconfig: pulumi.Output<string>;
  /** E-mail address of the service account that nodes run as; grant it read access to your images. */
  public readonly nodeServiceAccount: pulumi.Output<string>;
  /** Monthly cost in US dollars with the minimum number of nodes. */
  public readonly monthlyCostUsd: pulumi.Output<number>;

  constructor(name: string, args: GkeClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    const nodeAccountId = args.nodeAccountId ?? `${name}-nodes`;
    checkArguments(`GkeCluster "${name}"`, { ...args, nodeAccountId }, checkGkeCluster(name));
    super("mlops:index:GkeCluster", name, args, opts);

    const child = { parent: this };
    const { location, protectData = true } = args;
    const project = pulumi.output(args.project);
    const labels = labelsAtGoogle(args.labels);
    const isAutopilot = args.mode === GkeMode.Autopilot;
    const account = new gcp.serviceaccount.Account(
      `${name}-nodes`,
      { project, accountId: nodeAccountId, displayName: `Nodes of ${name}` },
      child,
    );
    const grant = new gcp.projects.IAMMember(
      `${name}-nodes-role`,
      { project, role: "roles/container.defaultNodeServiceAccount", member: account.member },
      child,
    );
    const nodes = nodeSecurity(account.email, labels);
    const modeArguments = isAutopilot ? autopilotNodes(nodes) : standardNodes(nodes);
    const cluster = new gcp.container.Cluster(
      `${name}-cluster`,
      {
        project,
        location,
        ...clusterNetwork(args),
        ...modeArguments,
        // Google chooses the versions, within the pace of the channel
        releaseChannel: { channel: args.releaseChannel ?? GkeReleaseChannel.Regular },
        workloadIdentityConfig: { workloadPool: pulumi.interpolate`${project}.svc.id.goog` },
        gatewayApiConfig: { channel: "CHANNEL_STANDARD" },
        deletionProtection: protectData,
        resourceLabels: labels,
      },
      {
        ...child,
        protect: protectData,
        // its first node pool is deleted at once, and then Google returns another pool's settings
        ...(isAutopilot ? {} : { ignoreChanges: ["nodeConfig"] }),
      },
    );

    const pools: [poolName: string, shape: NodePoolShape][] = isAutopilot
      ? []
      : [[`${name}-pool`, standardPool(args)]];
    if (args.gpu !== undefined) pools.push([`${name}-gpu`, gpuPool(args.gpu, args.paused)]);
    const made = pools.map(
      ([poolName, { nodeConfig, ...size }]) =>
        new gcp.container.NodePool(
          poolName,
          {
            project,
            location,
            cluster: cluster.name,
            ...size,
            management: { autoRepair: true, autoUpgrade: true },
            upgradeSettings: upgradeSettings(nodeConfig),
            nodeConfig: {
              ...nodes,
              ...nodeConfig,
              ...(nodeConfig.guestAccelerators ? { taints: [gpuTaint] } : {}),
            },
          },
          // the first count says how a pool is made: changed later, it would replace the pool
          { ...child, dependsOn: grant, ignoreChanges: ["initialNodeCount"] },
        ),
    );

    this.clusterName = cluster.name;
    this.location = pulumi.output(location);
    this.endpoint = cluster.endpoint;
    this.privateEndpoint = pulumi
      .all([cluster.endpoint, cluster.privateClusterConfig])
      .apply(([endpoint, network]) => network?.privateEndpoint || endpoint);
    this.workloadPool = pulumi.all([project, cluster.id]).apply(([id]) => `${id}.svc.id.goog`);
    // dependents wait for the nodes, and the nodes are deleted only after everything on them
    const nodesExist = made[0]?.id ?? cluster.id;
    this.kubeconfig = pulumi.secret(
      pulumi
        .all([project, cluster.name, cluster.endpoint, cluster.masterAuth, nodesExist])
        .apply(([projectId, clusterName, endpoint, { clusterCaCertificate }]) =>
          gkeKubeconfig({
            project: projectId,
            location,
            clusterName,
            endpoint,
            certificate: clusterCaCertificate,
          }),
        ),
    );
    this.nodeServiceAccount = account.email;
    this.monthlyCostUsd = pulumi.output(
      monthlyCostUsd([
        {
          type: "gcp:container/cluster:Cluster",
          name: `${name}-cluster`,
          inputs: { location, ...(isAutopilot ? { enableAutopilot: true } : {}) },
        },
        ...pools.map(([poolName, shape]) => ({
          type: "gcp:container/nodePool:NodePool",
          name: poolName,
          inputs: { location, ...shape },
        })),
      ]),
    );
    this.registerOutputs(outputsOf(this));
  }
}

/** Private nodes in the given subnet, and who may reach the API server. */
function clusterNetwork(args: GkeClusterArgs) {
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
            // machines of other Google customers are not trusted more than other machines
            gcpPublicCidrsAccessEnabled: false,
          },
        }),
  };
}

type NodeSecurity = ReturnType<typeof nodeSecurity>;

/** Separate node pools. The one that Google always creates first is removed, but must be able to start. */
function standardNodes(nodes: NodeSecurity) {
  const { serviceAccount, oauthScopes, shieldedInstanceConfig } = nodes;
  return {
    removeDefaultNodePool: true,
    initialNodeCount: 1,
    nodeConfig: {
      // else they would run as the project's default account, which may be an editor or deleted
      serviceAccount,
      oauthScopes,
      shieldedInstanceConfig,
      // three zones of Google's default, 100 GB of SSD, are more than the quota of a new project
      diskType: "pd-standard",
      diskSizeGb: 30,
    },
    datapathProvider: "ADVANCED_DATAPATH",
    nodePoolDefaults: { nodeConfigDefaults: { insecureKubeletReadonlyPortEnabled: "FALSE" } },
    // the platform brings its own Prometheus: Google's would take memory on every node
    monitoringConfig: {
      enableComponents: ["SYSTEM_COMPONENTS"],
      managedPrometheus: { enabled: false },
    },
  };
}

/** Nodes that Google manages, with our service account. */
function autopilotNodes({ serviceAccount, oauthScopes }: NodeSecurity) {
  return {
    enableAutopilot: true,
    clusterAutoscaling: { autoProvisioningDefaults: { serviceAccount, oauthScopes } },
    // by default Google collects more metrics, paid for by sample, next to the platform's own Prometheus
    monitoringConfig: { enableComponents: ["SYSTEM_COMPONENTS"] },
  };
}
