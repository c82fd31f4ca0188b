import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { PlatformConfig } from "./config.ts";
import { gkeCluster } from "./gke.ts";
import type { GoogleCloud } from "./google.ts";
import { type Kubeconfig, readKubeconfig } from "./kubeconfig.ts";
import { refuseForeignNamespaces } from "./ownership.ts";
import { ClusterTarget } from "./settings.ts";

/** The cluster that the program deploys to. */
export interface Cluster {
  readonly provider: k8s.Provider;
  /** What is done to each resource on it before it is registered. */
  readonly transformations: readonly pulumi.ResourceTransformation[];
  /** Address by which people reach a node, where its ports may be open. */
  readonly nodeAddress?: string;
  /** Ranges by which pods reach the API server, where the program knows them. */
  readonly apiServerAddresses?: pulumi.Output<string>[];
  /** Name of a cluster that the program makes, as are all that follow. */
  readonly name?: pulumi.Output<string>;
  readonly location?: pulumi.Output<string>;
  readonly workloadPool?: pulumi.Output<string>;
  /** Network in which Cloud SQL may have a private address; only where there is to be one. */
  readonly privateNetworkId?: pulumi.Output<string>;
  /** Repository for the images, unless the stack's settings name a registry. */
  readonly imageRepositoryUrl?: pulumi.Output<string>;
}

/** The cluster that the stack is for: one that the program makes, or the one at hand. */
export const targetCluster = (config: PlatformConfig, google?: GoogleCloud): Cluster =>
  google && config.cluster === ClusterTarget.Gke
    ? gkeCluster(config, google)
    : currentCluster(config);

/** The cluster behind a context of the kubeconfig. */
function currentCluster(config: PlatformConfig): Cluster {
  const kubeconfig = kubeconfigOrRefusal();
  const context = config.kubeContext ?? kubeconfig["current-context"];
  const provider = new k8s.Provider("cluster", {
    ...(context === undefined ? {} : { context }),
    // else another token, proxy or address in the kubeconfig would replace every resource
    clusterIdentifier: context ?? "none",
    enableServerSideApply: true,
    // a field that was changed by hand would else keep every later change of its object from being applied
    enablePatchForce: true,
  });
  return {
    provider,
    transformations: [refuseForeignNamespaces(config)],
    nodeAddress: config.nodeAddress ?? apiServerHost(kubeconfig, context),
  };
}

/** Host name of the API server: on Minikube and the local cluster it is the node's too. */
export function apiServerHost(kubeconfig: Kubeconfig, context?: string): string {
  const name = context ?? kubeconfig["current-context"];
  const cluster = kubeconfig.contexts?.find((entry) => entry.name === name)?.context.cluster;
  const server = kubeconfig.clusters?.find((entry) => entry.name === cluster)?.cluster.server;
  return server === undefined ? "localhost" : new URL(server).hostname;
}

/** Nothing in it is required: where only a preview is wanted there may be none. */
export function kubeconfigOrRefusal(): Kubeconfig {
  try {
    return readKubeconfig();
  } catch (error) {
    throw new pulumi.RunError((error as Error).message);
  }
}
