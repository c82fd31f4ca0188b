import { regionOf } from "../components/google/googleRegions.ts";
import { GkeMode } from "../components/google/gkeMachines.ts";
import { gkeClusterFaults } from "../components/google/gkeArguments.ts";
import { platformFaults } from "../components/platform/arguments.ts";
import { bucketFaults } from "../components/stores/arguments.ts";
import { cloudSqlFaults } from "../components/stores/cloudSqlArguments.ts";
import { changedSettings, inSettings, settingArguments } from "./settingArguments.ts";
import {
  CloudSqlAddress,
  ClusterTarget,
  DataStoreTarget,
  GoogleIdentity,
  type PlatformConfig,
  usualModelPort,
  usualNodePorts,
} from "./settings.ts";
import { modelFaults, modelPath, withFirst } from "./modelSettings.ts";

/** What settings get wrong that are right by themselves, a sentence each. */
export function contradictions(config: PlatformConfig): string[] {
  return [
    ...argumentFaults(config),
    ...modelFaults(config.models),
    ...nodePortFaults(config),
    ...vainSettings(config),
    ...googleFaults(config),
    ...gkeFaults(config),
    ...domainFaults(config),
  ];
}

const faults = (...rules: readonly [when: boolean, sentence: string][]) =>
  rules.filter(([when]) => when).map(([, sentence]) => sentence);

/** What the components say about the arguments that they get from the settings. */
function argumentFaults(config: PlatformConfig): string[] {
  const { platform, gke, cloudSql, bucket } = settingArguments(withUsualPorts(config));
  const { gcpProject: project = "mlops-project", gcpRegion: region = "europe-west1" } = config;
  const image = "image:tag";
  const images = { tracking: image, predict: image, postgres: image, backup: image };
  const { protectData } = config;
  const inCloud = config.dataStores === DataStoreTarget.Gcp;
  const onGke = config.cluster === ClusterTarget.Gke;
  const zone = config.gkeMode === GkeMode.Autopilot ? undefined : config.gkeZone;
  const given = {
    ...platform,
    images: { ...images, ...platform.images },
    models: platform.models.map((model) => ({ image, ...model })),
    database: inCloud ? cloudDatabase : undefined,
    artifacts: inCloud ? { uri: "gs://bucket" } : undefined,
  };
  const said = (found: readonly { reason: string }[], component?: string) =>
    found.map(({ reason }) => inSettings(reason, Object.keys(config.models), component));
  return [
    ...said(platformFaults(given)),
    ...(onGke ? said(gkeClusterFaults({ ...gke, project, location: zone ?? region }), "gke") : []),
    ...(inCloud ? said(cloudSqlFaults({ ...cloudSql, project, region }), "cloudSql") : []),
    ...(inCloud
      ? said(bucketFaults({ ...bucket, project, location: region, protectData }), "bucket")
      : []),
  ];
}

/** Stands for a database that is yet to be made. */
const cloudDatabase = {
  host: "127.0.0.1",
  port: 5432,
  database: "mlflow",
  authDatabase: "mlflow_auth",
  username: "mlflow",
  password: "to be generated",
};

/** Ports that are left to the cluster, as a cluster of this machine has them. */
const withUsualPorts = (config: PlatformConfig): PlatformConfig => {
  const open = Object.entries(usualNodePorts).filter(
    ([key]) => config[key as keyof typeof usualNodePorts] === undefined,
  );
  const models = withFirst(config.models, ({ nodePort = usualModelPort }) => ({ nodePort }));
  return config.cluster === ClusterTarget.Gke
    ? config
    : { ...config, ...Object.fromEntries(open), models };
};

function nodePortFaults(config: PlatformConfig): string[] {
  const keys = Object.keys(usualNodePorts) as (keyof typeof usualNodePorts)[];
  const ofModels = Object.entries(config.models).filter(([, { nodePort }]) => nodePort);
  const open = [
    ...keys.filter((key) => config[key]),
    ...ofModels.map(([name]) => modelPath(name, "nodePort")),
  ];
  return faults([
    config.cluster === ClusterTarget.Gke && open.length > 0,
    `${open.join(", ")} must be 0 on gke, where a node port would serve plain HTTP; leave it out and use \`npm run connect\` or domain`,
  ]);
}

function vainSettings(config: PlatformConfig): string[] {
  const changed = changedSettings(config);
  const vain = (keys: RegExp, when: string, fix: string) =>
    changed
      .filter((key) => keys.test(key))
      .map((key) => `${key} has no effect ${when}; leave it out or ${fix}`);
  const onGke = config.cluster === ClusterTarget.Gke;
  const gkeKeys = config.trainingGpu ? /^gke(?!Gpu)/ : /^gke/;
  const nodeKeys = /^gke(MachineType|MinNodes|MaxNodes|DiskSizeGb|Spot)$/;
  return [
    ...(onGke ? [] : vain(gkeKeys, "with cluster: current", "set cluster to gke")),
    ...(config.dataStores === DataStoreTarget.Gcp
      ? vain(/^(database|artifact|backup)/, "with dataStores: gcp", "set dataStores to cluster")
      : vain(/^(cloudSql|bucket)/, "with dataStores: cluster", "set dataStores to gcp")),
    ...(config.daskCluster
      ? []
      : vain(/^dask/, "without a Dask cluster", "set daskCluster to true")),
    ...(config.namespaceOnly
      ? vain(/^nodeExporterPort$/, "with namespaceOnly", "set namespaceOnly to false")
      : []),
    ...(onGke && config.gkeMode === GkeMode.Autopilot
      ? vain(
          nodeKeys,
          "with gkeMode: autopilot, which chooses nodes itself",
          "set gkeMode to standard",
        )
      : []),
  ];
}

/** Whether the stack has anything in Google Cloud. */
export const usesGoogleCloud = ({ cluster, dataStores }: PlatformConfig): boolean =>
  cluster === ClusterTarget.Gke || dataStores === DataStoreTarget.Gcp;

/** How MLflow shows Google who it is: a cluster of the program's own vouches for its pods, another needs a key. */
export const googleIdentityOf = ({ cluster, gcpIdentity }: PlatformConfig): GoogleIdentity =>
  gcpIdentity ??
  (cluster === ClusterTarget.Gke ? GoogleIdentity.WorkloadIdentity : GoogleIdentity.Key);

function googleFaults(config: PlatformConfig): string[] {
  const { gcpProject, gcpRegion, gcpIdentity, cloudSqlAddress } = config;
  const onGoogle = usesGoogleCloud(config);
  const onGke = config.cluster === ClusterTarget.Gke;
  const inCloudSql = config.dataStores === DataStoreTarget.Gcp;
  const why = "with cluster: gke or dataStores: gcp";
  return faults(
    [
      onGoogle && gcpProject === undefined,
      `gcpProject must be given ${why}; set it to the project's id`,
    ],
    [
      onGoogle && gcpRegion === undefined,
      `gcpRegion must be given ${why}; set it to a region such as europe-west1`,
    ],
    [
      !onGke && inCloudSql && cloudSqlAddress === CloudSqlAddress.Private,
      "cloudSqlAddress must not be private with cluster: current, because a private address cannot be reached from there; leave it empty or set it to public",
    ],
    [
      onGke && gcpIdentity === GoogleIdentity.Key,
      "gcpIdentity must not be key on gke, where Workload Identity needs no key; leave it empty",
    ],
    [
      inCloudSql && config.paused && config.protectData,
      "paused must be false while protectData is true, because a paused platform makes protected data unavailable; set protectData to false first if that is acceptable",
    ],
  );
}

function gkeFaults(config: PlatformConfig): string[] {
  const { gcpRegion, gkeZone, gkeMode, gkeGpu } = config;
  const onGke = config.cluster === ClusterTarget.Gke;
  const isAutopilot = onGke && gkeMode === GkeMode.Autopilot;
  return faults(
    [
      onGke && gkeZone !== undefined && regionOf(gkeZone) !== gcpRegion,
      `gkeZone must lie in gcpRegion (${gcpRegion}); choose a zone such as ${gcpRegion}-b or leave it empty`,
    ],
    [
      onGke && config.namespaceOnly,
      "namespaceOnly must be false on gke, where the program creates and administers the cluster; leave it out",
    ],
    [
      isAutopilot && gkeZone !== undefined,
      "gkeZone must be empty with gkeMode: autopilot, which is always regional; leave it empty",
    ],
    [
      isAutopilot && gkeGpu !== undefined && !config.trainingGpu,
      "gkeGpu has no effect with gkeMode: autopilot unless training uses it; set trainingGpu to true or leave gkeGpu empty",
    ],
    [
      isAutopilot && config.monitoring && config.nodeExporter,
      "nodeExporter must be false with gkeMode: autopilot, which rejects pods with access to the node; set it to false",
    ],
    [
      onGke && config.trainingGpu && gkeGpu === undefined,
      "trainingGpu requires a type of GPU; set gkeGpu to one such as nvidia-l4",
    ],
  );
}

function domainFaults(config: PlatformConfig): string[] {
  const { domain, dnsZone, oidcIssuerUrl, oidcClientId, oidcClientSecret, oidcEmailDomain } =
    config;
  const login = { oidcIssuerUrl, oidcClientId, oidcClientSecret, oidcEmailDomain };
  const missing = Object.entries(login).flatMap(([key, value]) => (value === undefined ? key : []));
  const wanted = missing.length < Object.keys(login).length;
  return faults(
    [
      domain !== undefined && config.cluster === ClusterTarget.Current,
      "domain must be empty with cluster: current, because this program configures only GKE's load balancer; leave it empty or set cluster to gke",
    ],
    [
      domain === undefined && dnsZone !== undefined,
      "dnsZone requires a domain to create records for; set domain or leave dnsZone empty",
    ],
    [
      domain === undefined && wanted,
      "an OIDC login requires a domain; set domain or leave the oidc settings empty",
    ],
    [
      wanted && missing.length > 0,
      `an OIDC login requires all of its settings; set ${missing.join(", ")} as well`,
    ],
  );
}
