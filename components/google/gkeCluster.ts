import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { monthlyCostUsd } from "../cost/index.ts";
import { checkGkeArguments } from "./gkeChecks.ts";
import { autopilotNodes, clusterNetwork, standardNodes } from "./gkeClusterSettings.ts";
import { type GkeMachineType, GkeMode, GkeReleaseChannel } from "./gkeMachines.ts";
import {
  gpuPool,
  type GpuPoolArgs,
  gpuTaint,
  type NodePoolShape,
  nodeSecurity,
  standardPool,
  upgradeSettings,
} from "./gkeNodePools.ts";
import { checkedProject } from "./googleChecks.ts";
import { googleLabels } from "./googleLabels.ts";
import { gkeKubeconfig } from "./gkeKubeconfig.ts";

/** Arguments of GkeCluster. */
export interface GkeClusterArgs {
  /** Id of the project that pays for the cluster. */
  project: pulumi.Input<string>;
  /** A zone such as `europe-west3-a` makes a zonal cluster: one control plane, whose fee Google's free tier covers. A region makes a regional one: three control planes, and nodes in three zones, so three times as many. Changing it replaces the cluster. */
  location: string;
  /** Id of the network. Changing it replaces the cluster. */
  networkId: pulumi.Input<string>;
  /** Id of the subnet for the nodes. Changing it replaces the cluster. */
  subnetworkId: pulumi.Input<string>;
  /** Name of the subnet's range for pods. Changing it replaces the cluster. */
  podRangeName: pulumi.Input<string>;
  /** Name of the subnet's range for Services. Changing it replaces the cluster. */
  serviceRangeName: pulumi.Input<string>;
  /** Who looks after the nodes: `standard` or `autopilot`. Defaults to `standard`. Changing it replaces the cluster. */
  mode?: GkeMode;
  /** Machine of each node. Defaults to `e2-standard-2`. Changing it replaces the nodes one by one. Standard only. */
  machineType?: GkeMachineType;
  /** Fewest nodes, 1 or more; in a regional cluster for each of its zones. Defaults to 1. Standard only. */
  minNodes?: number;
  /** Most nodes; in a regional cluster for each of its zones. Defaults to 3, or to `minNodes` if that is more. Standard only. */
  maxNodes?: number;
  /** Disk of each node in GB, 30 to 2000. Defaults to 50. Changing it replaces the nodes one by one. Standard only. */
  diskSizeGb?: number;
  /** Spot machines: less than half the price, but Google may take them back at any time. Defaults to false. Changing it replaces the pool. Standard only. */
  spot?: boolean;
  /** A pool of GPU machines besides, empty until a pod asks for a GPU. Standard only. */
  gpu?: GpuPoolArgs;
  /** How soon new versions of Kubernetes come: `RAPID`, `REGULAR` or `STABLE`. Defaults to `REGULAR`. */
  releaseChannel?: GkeReleaseChannel;
  /** Ranges of addresses that may reach the API server, /8 or narrower. Left out, every address may try, and needs a Google identity with a role on the cluster. */
  authorizedNetworks?: string[];
  /** Refuses to delete or replace the cluster, by Pulumi and by Google's provider. Defaults to true. */
  protectData?: boolean;
  /** No nodes at all, so that only the control plane costs. Pods come back once it is false again. With Autopilot nodes go with the pods, and it changes nothing. Defaults to false. */
  paused?: boolean;
  /** Id of the service account that nodes run as, unique in the project. Defaults to the component's name with `-nodes`. Changing it replaces the nodes. */
  nodeAccountId?: string;
  /** Labels added to the cluster and its machines, by which bills can be split. */
  labels?: { [key: string]: pulumi.Input<string> };
}

/**
 * A Kubernetes cluster of Google Cloud, with private nodes, Workload Identity, network policies by Dataplane V2 and
 * the Gateway API. Nodes run as an account that can write logs and metrics and nothing else.
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
  /** Workload Identity pool, known once the cluster has made it: `PROJECT.svc.id.goog`. */
  public readonly workloadPool: pulumi.Output<string>;
  /** A kubeconfig, known once there are nodes. It holds no credential: the program gke-gcloud-auth-plugin gets one for whoever is logged in to Google. A secret all the same. */
  public readonly kubeconfig: pulumi.Output<string>;
  /** Address of the account that nodes run as; give it the right to read your images. */
  public readonly nodeServiceAccount: pulumi.Output<string>;
  /** What the cluster costs in US dollars a month with the fewest nodes. */
  public readonly monthlyCostUsd: pulumi.Output<number>;

  constructor(name: string, args: GkeClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    const subject = `GkeCluster "${name}"`;
    const accountId = args.nodeAccountId ?? `${name}-nodes`;
    checkGkeArguments(subject, name, accountId, args);
    const project = checkedProject(subject, args.project);
    const labels = googleLabels(subject, args.labels);
    super("mlops:index:GkeCluster", name, args, opts);

    const child = { parent: this };
    const { location, protectData = true } = args;
    const isAutopilot = args.mode === GkeMode.Autopilot;
    const account = new gcp.serviceaccount.Account(
      `${name}-nodes`,
      { project, accountId, displayName: `Nodes of ${name}` },
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
        // its first node pool goes at once, after which Google answers with another pool's settings
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
    // whoever uses it waits for nodes, and on the way back nodes stay until everything on them is gone
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
    this.registerOutputs({
      clusterName: this.clusterName,
      location: this.location,
      endpoint: this.endpoint,
      privateEndpoint: this.privateEndpoint,
      workloadPool: this.workloadPool,
      kubeconfig: this.kubeconfig,
      nodeServiceAccount: this.nodeServiceAccount,
      monthlyCostUsd: this.monthlyCostUsd,
    });
  }
}
