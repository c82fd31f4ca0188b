import {
  CloudSqlAddress,
  ClusterTarget,
  DataStoreTarget,
  GoogleIdentity,
  type PlatformConfig,
  usualNodePorts,
} from "./settings.ts";
import { regionOf } from "../components/google/googleRegions.ts";
import { hasTrainingCode, modelFolderFaults } from "./models.ts";
import { GkeMode } from "../components/google/gkeMachines.ts";

/** What settings that are right by themselves get wrong together, a sentence each. */
export function contradictions(config: PlatformConfig): string[] {
  return [
    ...modelFaults(config),
    ...replicaFaults(config),
    ...nodePortFaults(config),
    ...googleFaults(config),
    ...gkeFaults(config),
    ...domainFaults(config),
  ];
}

const faults = (...rules: readonly [when: boolean, sentence: string][]) =>
  rules.filter(([when]) => when).map(([, sentence]) => sentence);

function modelFaults({ modelName = "", trainingSchedule }: PlatformConfig): string[] {
  return [
    ...modelFolderFaults(modelName),
    ...faults([
      trainingSchedule !== undefined && !hasTrainingCode(modelName),
      `trainingSchedule requires training code of modelName; make models/${modelName} with \`npm run new:model ${modelName}\` or leave the schedule empty`,
    ]),
  ];
}

function replicaFaults(config: PlatformConfig): string[] {
  const { trackingReplicas, servingReplicas, servingMaxReplicas, dataStores } = config;
  return faults(
    [
      dataStores === DataStoreTarget.Cluster && trackingReplicas > 1,
      "trackingReplicas must be 1 while artifacts are on a ReadWriteOnce volume; set it to 1 or dataStores to gcp",
    ],
    [
      servingMaxReplicas !== undefined && servingMaxReplicas < servingReplicas,
      `servingMaxReplicas must not be below servingReplicas (${servingReplicas}); raise it or set it to 0`,
    ],
  );
}

function nodePortFaults(config: PlatformConfig): string[] {
  const keys = Object.keys(usualNodePorts) as (keyof typeof usualNodePorts)[];
  const inUse = keys.filter(
    (key) => key !== "grafanaNodePort" || (config.monitoring && config.grafana),
  );
  const open = inUse.filter((key) => config[key]);
  const used = inUse.map((key) => config[key] ?? usualNodePorts[key]).filter((port) => port > 0);
  return faults(
    [
      new Set(used).size < used.length,
      `${keys.join(", ").replace(/, (\w+)$/, " and $1")} must differ; choose another port`,
    ],
    [
      config.cluster === ClusterTarget.Gke && open.length > 0,
      `${open.join(", ")} must be 0 on gke, where a node's port would answer over plain HTTP; leave it out and use \`npm run connect\` or domain`,
    ],
  );
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
      "cloudSqlAddress must not be private with cluster: current, from where a private address cannot be reached; leave it empty or set it to public",
    ],
    [
      onGke && gcpIdentity === GoogleIdentity.Key,
      "gcpIdentity must not be key on gke, where Workload Identity needs no key; leave it empty",
    ],
    [
      inCloudSql && config.paused && config.protectData,
      "paused must be false while protectData is true, since people rely on protected data; set protectData to false first if nobody does",
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
      config.gkeMinNodes > config.gkeMaxNodes,
      `gkeMinNodes must not be above gkeMaxNodes (${config.gkeMaxNodes}); lower it or raise gkeMaxNodes`,
    ],
    [
      isAutopilot && gkeZone !== undefined,
      "gkeZone must be empty with gkeMode: autopilot, which is always regional; leave it empty",
    ],
    [
      isAutopilot && config.gkeSpot,
      "gkeSpot must be false with gkeMode: autopilot, which chooses nodes itself; set it to false or set gkeMode to standard",
    ],
    [
      isAutopilot && gkeGpu !== undefined && !config.trainingGpu,
      "gkeGpu has no effect with gkeMode: autopilot unless training uses it; set trainingGpu to true or leave gkeGpu empty",
    ],
    [
      isAutopilot && config.monitoring && config.nodeExporter,
      "nodeExporter must be false with gkeMode: autopilot, which refuses pods with access to the node; set it to false",
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
      "domain must be empty with cluster: current, whose load balancer this program does not know; leave it empty or set cluster to gke",
    ],
    [
      domain === undefined && dnsZone !== undefined,
      "dnsZone needs a domain to write records for; set domain or leave dnsZone empty",
    ],
    [
      domain === undefined && wanted,
      "a login by OIDC needs a domain to stand in front of; set domain or leave the oidc settings empty",
    ],
    [
      wanted && missing.length > 0,
      `a login by OIDC needs all of its settings; set ${missing.join(", ")} as well`,
    ],
  );
}
