import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { GkeCluster, ImageRepository, PrivateNetwork } from "../components/index.ts";
import { DataStoreTarget, type PlatformConfig } from "./settings.ts";
import { accountId, type GoogleCloud } from "./google.ts";
import { usesOwnRegistry } from "./images.ts";
import { settingArguments } from "./settingArguments.ts";

/** A GKE cluster in its own network, with a repository for the images. */
export function gkeCluster(config: PlatformConfig, google: GoogleCloud) {
  const { project, region, options } = google;
  const location = config.gkeZone ?? region;
  const network = new PrivateNetwork(
    "mlops-vpc",
    { project, region, privateServices: config.dataStores === DataStoreTarget.Gcp },
    options,
  );
  const cluster = new GkeCluster(
    "mlops-gke",
    {
      ...settingArguments(config).gke,
      project,
      location,
      networkId: network.networkId,
      subnetworkId: network.subnetworkId,
      podRangeName: network.podRangeName,
      serviceRangeName: network.serviceRangeName,
      nodeAccountId: accountId("nodes"),
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
    enablePatchForce: true,
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
