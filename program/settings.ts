import {
  CloudSqlAvailability,
  CloudSqlEdition,
  CloudSqlTier,
} from "../components/stores/cloudSqlTiers.ts";
import { GkeMachineType, GkeMode, GpuType } from "../components/google/gkeMachines.ts";
import {
  flag,
  type JsonObject,
  list,
  map,
  nodePort,
  oneOf,
  optional,
  quantity,
  type Reader,
  text,
  whole,
  zeroIsNone,
} from "./readers.ts";

/** Where the pods run: on the cluster of a kubeconfig, or on one that the program makes. */
export const ClusterTarget = { Current: "current", Gke: "gke" } as const;
export type ClusterTarget = (typeof ClusterTarget)[keyof typeof ClusterTarget];

/** Where runs, models and artifacts are kept: in the cluster, or in Cloud SQL and a bucket. */
export const DataStoreTarget = { Cluster: "cluster", Gcp: "gcp" } as const;
export type DataStoreTarget = (typeof DataStoreTarget)[keyof typeof DataStoreTarget];

/** How MLflow shows Google who it is. */
export const GoogleIdentity = { WorkloadIdentity: "workload-identity", Key: "key" } as const;
export type GoogleIdentity = (typeof GoogleIdentity)[keyof typeof GoogleIdentity];

/** Ports of the nodes that are open on a cluster of this machine. */
export const usualNodePorts = {
  trackingNodePort: 30001,
  servingNodePort: 31345,
  predictionNodePort: 31344,
  grafanaNodePort: 31343,
} as const;

/** By which address Cloud SQL is reached. */
export const CloudSqlAddress = { Private: "private", Public: "public" } as const;
export type CloudSqlAddress = (typeof CloudSqlAddress)[keyof typeof CloudSqlAddress];

/** Every setting of a stack, checked. Optional ones are undefined where the stack leaves them empty. */
export interface PlatformConfig {
  readonly cluster: ClusterTarget;
  readonly dataStores: DataStoreTarget;
  readonly kubeContext?: string;
  readonly nodeAddress?: string;
  readonly apiServerAddresses: readonly string[];
  readonly dnsAddresses: readonly string[];
  readonly namespace: string;
  readonly imageRegistry: string;
  readonly postgresImage?: string;
  readonly storageClassName?: string;
  readonly databaseStorageSize: string;
  readonly artifactStorageSize: string;
  readonly modelName: string;
  readonly modelAlias: string;
  readonly experimentName?: string;
  readonly trackingReplicas: number;
  readonly servingReplicas: number;
  readonly servingMaxReplicas?: number;
  readonly servingAllowPickle: boolean;
  readonly predictionReplicas: number;
  /** Undefined leaves a port to what the cluster is, 0 keeps it closed. */
  readonly trackingNodePort?: number;
  readonly servingNodePort?: number;
  readonly predictionNodePort?: number;
  readonly trainExampleModel: boolean;
  readonly trainingSchedule?: string;
  readonly monitoring: boolean;
  readonly grafana: boolean;
  readonly alertmanager: boolean;
  readonly kubeStateMetrics: boolean;
  readonly nodeExporter: boolean;
  readonly nodeExporterPort?: number;
  readonly pushgateway: boolean;
  readonly grafanaNodePort?: number;
  readonly prometheusStorageSize: string;
  readonly prometheusRetention: string;
  readonly alertReceivers: JsonObject;
  readonly runbookBaseUrl?: string;
  readonly prometheusChart?: string;
  readonly prometheusChartVersion?: string;
  readonly prometheusValues: JsonObject;
  readonly grafanaChart?: string;
  readonly grafanaChartVersion?: string;
  readonly grafanaValues: JsonObject;
  readonly monitoringImageRegistry?: string;
  readonly gcpProject?: string;
  readonly gcpRegion?: string;
  readonly gcpIdentity?: GoogleIdentity;
  readonly protectData: boolean;
  readonly paused: boolean;
  readonly gkeMode: GkeMode;
  readonly gkeZone?: string;
  readonly gkeMachineType: GkeMachineType;
  readonly gkeMinNodes: number;
  readonly gkeMaxNodes: number;
  readonly gkeSpot: boolean;
  readonly gkeGpu?: GpuType;
  readonly gkeAuthorizedNetworks: readonly string[];
  readonly trainingGpu: boolean;
  readonly cloudSqlTier?: CloudSqlTier;
  readonly cloudSqlEdition: CloudSqlEdition;
  readonly cloudSqlAvailability: CloudSqlAvailability;
  readonly cloudSqlDiskSizeGb: number;
  readonly cloudSqlAddress?: CloudSqlAddress;
  readonly domain?: string;
  readonly dnsZone?: string;
  readonly oidcIssuerUrl?: string;
  readonly oidcClientId?: string;
  readonly oidcClientSecret?: string;
  readonly oidcEmailDomain?: string;
  readonly oidcRequireVerifiedEmail: boolean;
}

// only a path may have blanks in it
const chart = /^(\S+|\.{0,2}\/.+)$/;
const chartRule = "be an OCI reference, a path or a chart's name";
const exactVersion = /^[0-9]+(\.[0-9]+){2}([-+][0-9A-Za-z.-]+)?$/;
const exactVersionRule = "be an exact version such as 29.27.0";

const ranges = list(
  /^[0-9]{1,3}(\.[0-9]{1,3}){3}\/[0-9]{1,2}$/,
  "be networks such as 198.51.100.0/24, separated by commas",
);

/** How each setting is read. The order is that of the messages. */
export const readers: {
  readonly [Key in keyof Required<PlatformConfig>]: Reader<PlatformConfig[Key]>;
} = {
  cluster: oneOf(Object.values(ClusterTarget), ClusterTarget.Current),
  dataStores: oneOf(Object.values(DataStoreTarget), DataStoreTarget.Cluster),
  kubeContext: optional(text(/^\S+$/, "be the name of a context, without spaces")),
  nodeAddress: optional(
    text(
      /^([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])$/,
      "be a host name or an address, without scheme and port",
    ),
  ),
  apiServerAddresses: ranges,
  dnsAddresses: ranges,
  namespace: text(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/, "be a DNS label such as mlops", "mlops"),
  imageRegistry: text(
    /^[a-z0-9.-]+(:[0-9]+)?(\/[a-z0-9._-]+)*$/,
    "be a registry and path such as example.org/mlops",
    "localhost/mlops",
  ),
  postgresImage: optional(
    text(
      /^(?!.*:latest$)[^\s@]+(:[^:/\s@]+|@sha256:[0-9a-f]{64})$/,
      "be an image with a digest or with a tag other than latest",
    ),
  ),
  storageClassName: optional(text(/^[a-z0-9.-]+$/, "be the name of a storage class")),
  databaseStorageSize: quantity("8Gi"),
  artifactStorageSize: quantity("20Gi"),
  modelName: text(
    /^[A-Za-z0-9][A-Za-z0-9._ -]{0,127}$/,
    "start with a letter or digit and hold no `/` or `:`",
    "diabetes-progression",
  ),
  modelAlias: text(
    /^(?!v[0-9]+$)[A-Za-z][A-Za-z0-9_-]{0,127}$/,
    "be a word such as champion, and not of the form v1",
    "champion",
  ),
  experimentName: optional(text(/^\S.{0,255}$/, "be a name of 1 to 256 characters")),
  trackingReplicas: whole(1, 20, 1),
  servingReplicas: whole(1, 100, 1),
  servingMaxReplicas: zeroIsNone(whole(0, 1000, 0)),
  servingAllowPickle: flag(false),
  predictionReplicas: whole(1, 100, 2),
  trackingNodePort: optional(nodePort),
  servingNodePort: optional(nodePort),
  predictionNodePort: optional(nodePort),
  trainExampleModel: flag(true),
  trainingSchedule: optional(text(/^\S+(\s+\S+){4}$/, "be five cron fields such as `0 3 * * *`")),
  monitoring: flag(true),
  grafana: flag(true),
  alertmanager: flag(true),
  kubeStateMetrics: flag(true),
  nodeExporter: flag(true),
  nodeExporterPort: optional(whole(1024, 65535, 9100)),
  pushgateway: flag(true),
  grafanaNodePort: optional(nodePort),
  prometheusStorageSize: quantity("8Gi"),
  prometheusRetention: text(/^[1-9][0-9]*[hdwy]$/, "be a duration such as 15d", "15d"),
  alertReceivers: map,
  runbookBaseUrl: optional(text(/^https?:\/\/\S+$/, "be a URL")),
  prometheusChart: optional(text(chart, chartRule)),
  prometheusChartVersion: optional(text(exactVersion, exactVersionRule)),
  prometheusValues: map,
  grafanaChart: optional(text(chart, chartRule)),
  grafanaChartVersion: optional(text(exactVersion, exactVersionRule)),
  grafanaValues: map,
  monitoringImageRegistry: optional(
    text(/^[a-z0-9.-]+(:[0-9]+)?(\/[a-z0-9._-]+)*$/, "be a registry such as example.org/mirror"),
  ),
  gcpProject: optional(
    text(
      /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/,
      "be the id of a Google Cloud project, such as mlops-dev-1234",
    ),
  ),
  gcpRegion: optional(
    text(/^[a-z]+-[a-z]+[0-9]+$/, "be a region of Google Cloud such as europe-west1"),
  ),
  gcpIdentity: optional(oneOf(Object.values(GoogleIdentity))),
  protectData: flag(true),
  paused: flag(false),
  gkeMode: oneOf(Object.values(GkeMode), GkeMode.Standard),
  gkeZone: optional(text(/^[a-z]+-[a-z]+[0-9]+-[a-z]$/, "be a zone such as europe-west1-b")),
  gkeMachineType: oneOf(Object.values(GkeMachineType), "e2-standard-2"),
  gkeMinNodes: whole(1, 1000, 1),
  gkeMaxNodes: whole(1, 1000, 3),
  gkeSpot: flag(false),
  gkeGpu: optional(oneOf(Object.values(GpuType))),
  gkeAuthorizedNetworks: ranges,
  trainingGpu: flag(false),
  cloudSqlTier: optional(oneOf(Object.values(CloudSqlTier))),
  cloudSqlEdition: oneOf(Object.values(CloudSqlEdition), CloudSqlEdition.Enterprise),
  cloudSqlAvailability: oneOf(Object.values(CloudSqlAvailability), CloudSqlAvailability.Zonal),
  cloudSqlDiskSizeGb: whole(10, 65536, 10),
  cloudSqlAddress: optional(oneOf(Object.values(CloudSqlAddress))),
  domain: optional(
    text(
      /^(?=.{4,200}$)([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
      "be a domain such as mlops.example.org, without scheme, port or wildcard",
    ),
  ),
  dnsZone: optional(
    text(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/, "be the name of a managed zone of Cloud DNS"),
  ),
  oidcIssuerUrl: optional(text(/^https:\/\/[^\s?#]+$/, "be the https URL of an OIDC issuer")),
  oidcClientId: optional(text(/^\S+$/, "be the client's id, without spaces")),
  oidcClientSecret: optional(text(/^\S+$/, "be the client's secret, without spaces")),
  oidcEmailDomain: optional(
    text(
      /^([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)+[a-z]{2,}$/,
      "be the domain of the e-mail addresses that may log in, such as example.org",
    ),
  ),
  oidcRequireVerifiedEmail: flag(true),
};

/** Settings that no message repeats. */
export const secretKeys: readonly (keyof PlatformConfig)[] = ["alertReceivers", "oidcClientSecret"];

/** Every key that a stack may set; Pulumi.yaml declares the same ones. */
export const configKeys = Object.keys(readers) as (keyof PlatformConfig)[];
