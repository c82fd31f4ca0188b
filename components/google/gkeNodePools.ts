import type * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import type { GkeClusterArgs, GpuPool } from "./gkeArguments.ts";
import { GkeMachineType, gpuMachines } from "./gkeMachines.ts";

/** What decides the price of a pool, plain, exactly as it is passed to Google. */
export interface NodePoolShape {
  readonly autoscaling?: {
    readonly minNodeCount: number;
    readonly maxNodeCount: number;
    readonly locationPolicy: string;
  };
  readonly nodeCount?: number;
  readonly initialNodeCount?: number;
  readonly nodeLocations?: string[];
  readonly nodeConfig: {
    readonly machineType: string;
    readonly diskSizeGb: number;
    readonly diskType: string;
    readonly spot: boolean;
    readonly guestAccelerators?: {
      readonly type: string;
      readonly count: number;
      readonly gpuDriverInstallationConfig: { readonly gpuDriverVersion: string };
    }[];
  };
}

/** The pool that the platform's pods run on. */
export function standardPool(args: GkeClusterArgs): NodePoolShape {
  const { minNodes = 1, spot = false, diskSizeGb = 50 } = args;
  const maxNodes = args.maxNodes ?? Math.max(3, minNodes);
  return {
    ...size(minNodes, maxNodes, spot, args.paused),
    nodeConfig: {
      machineType: args.machineType ?? GkeMachineType.E2Standard2,
      diskSizeGb,
      diskType: "pd-balanced",
      spot,
    },
  };
}

/** The pool for training on a graphics processor. */
export function gpuPool(gpu: GpuPool, paused: boolean | undefined): NodePoolShape {
  const { type, maxNodes = 1, spot = true, diskSizeGb = 100 } = gpu;
  const machines = gpuMachines[type];
  const [smallest] = machines[0]!;
  const machineType = gpu.machineType ?? smallest;
  const count = machines.find(([machine]) => machine === machineType)?.[1] ?? 1;
  return {
    ...size(0, maxNodes, spot, paused),
    ...(gpu.zones === undefined ? {} : { nodeLocations: gpu.zones }),
    nodeConfig: {
      machineType,
      diskSizeGb,
      diskType: "pd-balanced",
      spot,
      guestAccelerators: [
        { type, count, gpuDriverInstallationConfig: { gpuDriverVersion: "DEFAULT" } },
      ],
    },
  };
}

function size(
  minNodeCount: number,
  maxNodeCount: number,
  spot: boolean,
  paused: boolean = false,
): Pick<NodePoolShape, "autoscaling" | "nodeCount" | "initialNodeCount"> {
  // the autoscaler never removes the last node, because the cluster's own pods run on it
  if (paused) return { nodeCount: 0 };
  const locationPolicy = spot ? "ANY" : "BALANCED";
  return {
    autoscaling: { minNodeCount, maxNodeCount, locationPolicy },
    initialNodeCount: minNodeCount,
  };
}

/** The configuration of a node except its machine type. */
export function nodeSecurity(
  serviceAccount: pulumi.Input<string>,
  labels: { [key: string]: pulumi.Input<string> },
) {
  return {
    serviceAccount,
    // only the roles of the account limit what it may do
    oauthScopes: ["https://www.googleapis.com/auth/cloud-platform"],
    imageType: "COS_CONTAINERD",
    shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
    // pods get tokens of their own identity, never the node's
    workloadMetadataConfig: { mode: "GKE_METADATA" },
    metadata: { "disable-legacy-endpoints": "true" },
    resourceLabels: labels,
  } satisfies gcp.types.input.container.NodePoolNodeConfig;
}

/** One node at a time: a new one comes first, unless it has a GPU, of which projects may have few. */
export function upgradeSettings({ guestAccelerators }: NodePoolShape["nodeConfig"]) {
  return guestAccelerators === undefined
    ? { strategy: "SURGE", maxSurge: 1, maxUnavailable: 0 }
    : { strategy: "SURGE", maxSurge: 0, maxUnavailable: 1 };
}

/** Keeps pods without a GPU off expensive nodes; GKE's own pods tolerate it. */
export const gpuTaint = { key: "nvidia.com/gpu", value: "present", effect: "NO_SCHEDULE" };
