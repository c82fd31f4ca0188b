import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { GkeCluster, GkeMode, ImageRepository, PrivateNetwork } from "../components/index.ts";
import type { Cluster } from "./cluster.ts";
import { DataStoreTarget, type PlatformConfig } from "./settings.ts";
import { accountId, type GoogleCloud } from "./google.ts";
import { usesOwnRegistry } from "./images.ts";

/** A cluster that the program makes, and what belongs to it. */
export interface MadeCluster extends Cluster {
  readonly name: pulumi.Output<string>;
  readonly location: pulumi.Output<string>;
  readonly workloadPool: pulumi.Output<string>;
  /** Network in which Cloud SQL may have a private address; only where there is to be one. */
  readonly privateNetworkId?: pulumi.Output<string>;
  /** Repository for the images, unless the stack's settings name a registry. */
  readonly imageRepositoryUrl?: pulumi.Output<string>;
}

/** A GKE cluster in a network of its own, with a repository for the images. */
export function gkeCluster(config: PlatformConfig, google: GoogleCloud): MadeCluster {
  const { project, region, options } = google;
  const { gkeAuthorizedNetworks } = config;
  const location = config.gkeZone ?? region;
  const network = new PrivateNetwork(
    "mlops-vpc",
    { project, region, privateServices: config.dataStores === DataStoreTarget.Gcp },
    options,
  );
  const cluster = new GkeCluster(
    "mlops-gke",
    {
      project,
      location,
      networkId: network.networkId,
      subnetworkId: network.subnetworkId,
      podRangeName: network.podRangeName,
      serviceRangeName: network.serviceRangeName,
      mode: config.gkeMode,
      ...(config.gkeMode === GkeMode.Standard ? nodePool(config) : {}),
      nodeAccountId: accountId("nodes"),
      authorizedNetworks: gkeAuthorizedNetworks.length > 0 ? [...gkeAuthorizedNetworks] : undefined,
      protectData: config.protectData,
      paused: config.paused,
    },
    options,
  );
  const images = usesOwnRegistry(config)
    ? new ImageRepository(
        "mlops-images",
        {
          project,
          region,
          readers: [pulumi.interpolate`serviceAccount:${cluster.nodeServiceAccount}`],
        },
        options,
      )
    : undefined;
  const provider = new k8s.Provider("cluster", {
    kubeconfig: cluster.kubeconfig,
    // another address of the same cluster replaces nothing, another cluster everything on it
    clusterIdentifier: pulumi.interpolate`gke_${project}_${location}_${cluster.clusterName}`,
    enableServerSideApply: true,
  });
  return {
    provider,
    transformations: [],
    // an endpoint is what stands in a kubeconfig: an address, with its port where that is not 443
    apiServerAddresses: [cluster.endpoint, cluster.privateEndpoint].map((endpoint) =>
      endpoint.apply((host) => `${new URL(`https://${host}`).hostname}/32`),
    ),
    name: cluster.clusterName,
    location: cluster.location,
    workloadPool: cluster.workloadPool,
    privateNetworkId: network.privateServicesNetworkId,
    imageRepositoryUrl: images?.url,
  };
}

function nodePool(config: PlatformConfig) {
  const { gkeGpu } = config;
  return {
    machineType: config.gkeMachineType,
    minNodes: config.gkeMinNodes,
    maxNodes: config.gkeMaxNodes,
    spot: config.gkeSpot,
    gpu: gkeGpu === undefined ? undefined : { type: gkeGpu },
  };
}
