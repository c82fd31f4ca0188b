import type { Fields } from "./api.ts";
import { pathOf } from "./compute.ts";
import { GoogleError, invalid } from "./googleError.ts";
import { creationTime, type World } from "./world.ts";

export const kubernetesVersion = "1.35.4-gke.1000";

/** Metrics that Autopilot collects by default; all but the first are billed by sample. */
const billedComponents = [
  "SYSTEM_COMPONENTS",
  "STORAGE",
  "HPA",
  "POD",
  "DAEMONSET",
  "DEPLOYMENT",
  "STATEFULSET",
  "CADVISOR",
  "KUBELET",
];

/** A new cluster as Google completes it. */
export function completeCluster(world: World, cluster: Fields, location: string): Fields {
  const subnetwork = world.get(pathOf(cluster["subnetwork"]));
  const policy = (cluster["ipAllocationPolicy"] ?? {}) as Fields;
  const pods = rangeOf(subnetwork, policy["clusterSecondaryRangeName"]);
  const services = rangeOf(subnetwork, policy["servicesSecondaryRangeName"]);
  const isAutopilot = Boolean(cluster["autopilot"]?.enabled);
  const name = String(cluster["name"]);
  checkName(name);
  checkPool(world, cluster["workloadIdentityConfig"]?.workloadPool);
  if (isAutopilot && cluster["monitoringConfig"]?.managedPrometheusConfig?.enabled === false) {
    throw invalid("Managed Prometheus cannot be disabled on Autopilot clusters.");
  }
  const { endpoint, certificateAuthority } = world.cluster;
  const authorizedNetworks = (cluster["masterAuthorizedNetworksConfig"] ??
    cluster["controlPlaneEndpointsConfig"]?.ipEndpointsConfig?.authorizedNetworksConfig) as
    Fields | undefined;
  return {
    loggingService: "logging.googleapis.com/kubernetes",
    monitoringService: "monitoring.googleapis.com/kubernetes",
    releaseChannel: { channel: "REGULAR" },
    clusterTelemetry: { type: "ENABLED" },
    databaseEncryption: { state: "DECRYPTED", currentState: "CURRENT_STATE_DECRYPTED" },
    securityPostureConfig: { mode: "BASIC", vulnerabilityMode: "VULNERABILITY_DISABLED" },
    shieldedNodes: { enabled: true },
    notificationConfig: { pubsub: {} },
    defaultMaxPodsConstraint: { maxPodsPerNode: "110" },
    enterpriseConfig: { clusterTier: "STANDARD" },
    rbacBindingConfig: {
      enableInsecureBindingSystemUnauthenticated: true,
      enableInsecureBindingSystemAuthenticated: true,
    },
    anonymousAuthenticationConfig: { mode: "ENABLED" },
    ...cluster,
    autopilot: cluster["autopilot"] ?? {},
    legacyAbac: cluster["legacyAbac"] ?? {},
    loggingConfig: {
      componentConfig: { enableComponents: ["SYSTEM_COMPONENTS", "WORKLOADS"] },
      ...cluster["loggingConfig"],
    },
    monitoringConfig: {
      componentConfig: {
        enableComponents: isAutopilot ? billedComponents : ["SYSTEM_COMPONENTS"],
      },
      advancedDatapathObservabilityConfig: { enableMetrics: false, enableRelay: false },
      ...cluster["monitoringConfig"],
      managedPrometheusConfig: {
        enabled: isAutopilot,
        ...cluster["monitoringConfig"]?.managedPrometheusConfig,
      },
    },
    addonsConfig: {
      gcePersistentDiskCsiDriverConfig: { enabled: true },
      dnsCacheConfig: { enabled: isAutopilot },
      networkPolicyConfig: { disabled: true },
      ...cluster["addonsConfig"],
    },
    status: "PROVISIONING",
    location,
    locations: zonesOf(location),
    endpoint,
    masterAuth: { clusterCaCertificate: certificateAuthority },
    clusterIpv4Cidr: pods,
    servicesIpv4Cidr: services,
    ipAllocationPolicy: {
      stackType: "IPV4",
      podCidrOverprovisionConfig: {},
      defaultPodIpv4RangeUtilization: 0.001,
      ...policy,
      useIpAliases: true,
      clusterIpv4CidrBlock: pods,
      servicesIpv4CidrBlock: services,
      clusterIpv4Cidr: pods,
      servicesIpv4Cidr: services,
    },
    networkConfig: {
      defaultSnatStatus: {},
      serviceExternalIpsConfig: {},
      ...cluster["networkConfig"],
      network: pathOf(cluster["network"]),
      subnetwork: pathOf(cluster["subnetwork"]),
      ...(isAutopilot ? { datapathProvider: "ADVANCED_DATAPATH" } : {}),
    },
    controlPlaneEndpointsConfig: {
      dnsEndpointConfig: {
        endpoint: `gke-${world.serial()}.${location}.gke.goog`,
        ...cluster["controlPlaneEndpointsConfig"]?.dnsEndpointConfig,
      },
      ipEndpointsConfig: {
        enabled: true,
        enablePublicEndpoint: true,
        publicEndpoint: endpoint,
        privateEndpoint: "10.0.0.2",
        ...cluster["controlPlaneEndpointsConfig"]?.ipEndpointsConfig,
        authorizedNetworksConfig: authorizedNetworks ?? {},
      },
    },
    currentMasterVersion: kubernetesVersion,
    currentNodeVersion: kubernetesVersion,
    initialClusterVersion: kubernetesVersion,
    labelFingerprint: "a9dc16a7",
    createTime: creationTime,
    etag: "cluster",
    id: world.serial(),
    selfLink: `https://container.googleapis.com/v1beta1/projects/${world.project}/locations/${location}/clusters/${name}`,
  };
}

/** What a change of the cluster sets, by the name of the wish. */
const wishes: Record<string, (cluster: Fields, value: any) => void> = {
  desiredReleaseChannel: (cluster, value) => (cluster["releaseChannel"] = value),
  desiredGatewayApiConfig: (cluster, value) => (cluster["networkConfig"].gatewayApiConfig = value),
  desiredMasterAuthorizedNetworksConfig: (cluster, value) =>
    (cluster["controlPlaneEndpointsConfig"].ipEndpointsConfig.authorizedNetworksConfig = value),
  desiredControlPlaneEndpointsConfig: (cluster, value) => {
    const { ipEndpointsConfig, dnsEndpointConfig } = value as Fields;
    Object.assign(cluster["controlPlaneEndpointsConfig"].ipEndpointsConfig, ipEndpointsConfig);
    Object.assign(cluster["controlPlaneEndpointsConfig"].dnsEndpointConfig, dnsEndpointConfig);
  },
  desiredMonitoringConfig: (cluster, value) => Object.assign(cluster["monitoringConfig"], value),
  desiredLoggingConfig: (cluster, value) => Object.assign(cluster["loggingConfig"], value),
  desiredAddonsConfig: (cluster, value) => Object.assign(cluster["addonsConfig"], value),
};

/** @throws GoogleError 501 for a change that this fake does not know. */
export function changeCluster(cluster: Fields, update: Fields, pools: Fields[]): void {
  const { desiredNodePoolAutoscaling, desiredNodePoolId, ...rest } = update;
  if (desiredNodePoolAutoscaling !== undefined) {
    const pool = pools.find(({ name }) => name === desiredNodePoolId);
    Object.assign(pool ?? {}, { autoscaling: desiredNodePoolAutoscaling });
  }
  for (const [wish, value] of Object.entries(rest)) {
    const make = wishes[wish];
    if (make === undefined) throw new GoogleError(501, "notImplemented", `no cluster.${wish}`);
    make(cluster, value);
  }
}

/** All zones of a region, or the one zone. */
export const zonesOf = (location: string) =>
  /-[a-z]$/.test(location) ? [location] : ["a", "b", "c"].map((zone) => `${location}-${zone}`);

function rangeOf(subnetwork: Fields, name: unknown): string {
  const ranges = (subnetwork["secondaryIpRanges"] ?? []) as Fields[];
  const range = ranges.find(({ rangeName }) => rangeName === name);
  if (range) return String(range["ipCidrRange"]);
  throw invalid(`Pod or service range "${String(name)}" does not exist in the subnetwork.`);
}

function checkName(name: string): void {
  if (/^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/.test(name)) return;
  throw invalid(`Invalid value for field "cluster.name": "${name}".`);
}

function checkPool(world: World, pool: unknown): void {
  if (pool === undefined || pool === `${world.project}.svc.id.goog`) return;
  throw invalid(`Currently, the only supported identity namespace is ${world.project}.svc.id.goog`);
}
