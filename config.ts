import * as pulumi from "@pulumi/pulumi";
import {
  Fault,
  flag,
  type JsonObject,
  map,
  nodePort,
  optional,
  quantity,
  type Reader,
  text,
  whole,
  zeroIsNone,
} from "./configReaders.ts";

/** Every setting of a stack, checked. Optional ones are undefined where the stack leaves them empty. */
export interface PlatformConfig {
  readonly kubeContext?: string;
  readonly nodeAddress?: string;
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
}

/** Where the settings come from: a stack's configuration, by unqualified key. */
export interface ConfigSource {
  readonly name: string;
  get(key: string): string | undefined;
}

const exactVersion = /^[0-9]+(\.[0-9]+){2}([-+][0-9A-Za-z.-]+)?$/;
const exactVersionRule = "be an exact version such as 29.27.0";

const readers: { readonly [Key in keyof Required<PlatformConfig>]: Reader<PlatformConfig[Key]> } = {
  kubeContext: optional(text(/^\S+$/, "be the name of a context, without spaces")),
  nodeAddress: optional(
    text(
      /^([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])$/,
      "be a host name or an address, without scheme and port",
    ),
  ),
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
  trackingNodePort: zeroIsNone(nodePort(30001)),
  servingNodePort: zeroIsNone(nodePort(31345)),
  predictionNodePort: zeroIsNone(nodePort(31344)),
  trainExampleModel: flag(true),
  trainingSchedule: optional(text(/^\S+(\s+\S+){4}$/, "be five cron fields such as `0 3 * * *`")),
  monitoring: flag(true),
  grafana: flag(true),
  alertmanager: flag(true),
  kubeStateMetrics: flag(true),
  nodeExporter: flag(true),
  pushgateway: flag(true),
  grafanaNodePort: zeroIsNone(nodePort(31343)),
  prometheusStorageSize: quantity("8Gi"),
  prometheusRetention: text(/^[1-9][0-9]*[hdwy]$/, "be a duration such as 15d", "15d"),
  alertReceivers: map,
  runbookBaseUrl: optional(text(/^https?:\/\/\S+$/, "be a URL")),
  prometheusChart: optional(text(/^\S+$/, "be an OCI reference, a path or a chart's name")),
  prometheusChartVersion: optional(text(exactVersion, exactVersionRule)),
  prometheusValues: map,
  grafanaChart: optional(text(/^\S+$/, "be an OCI reference, a path or a chart's name")),
  grafanaChartVersion: optional(text(exactVersion, exactVersionRule)),
  grafanaValues: map,
  monitoringImageRegistry: optional(
    text(/^[a-z0-9.-]+(:[0-9]+)?(\/[a-z0-9._-]+)*$/, "be a registry such as example.org/mirror"),
  ),
};

/** Settings that no message repeats. */
const secretKeys: readonly (keyof PlatformConfig)[] = ["alertReceivers"];

/** Every key that a stack may set; Pulumi.yaml declares the same ones. */
export const configKeys = Object.keys(readers) as (keyof PlatformConfig)[];

/**
 * Reads and checks the whole configuration of the stack.
 * @throws pulumi.RunError that names every fault at once, before anything is registered.
 */
export function loadConfig(
  source: ConfigSource = new pulumi.Config(),
  given: readonly string[] = Object.keys(pulumi.runtime.allConfig()),
): PlatformConfig {
  const faults: string[] = [];
  const values: { [key: string]: unknown } = {};
  for (const key of configKeys) {
    const written = source.get(key);
    const value = readers[key](written);
    const instead = secretKeys.includes(key) ? "" : `, not \`${written}\``;
    if (value instanceof Fault) faults.push(`${key} must ${value.rule}${instead}`);
    else values[key] = value;
  }
  const config = Object.freeze(values) as unknown as PlatformConfig;
  faults.push(...unknownKeys(source.name, given), ...contradictions(config));
  if (faults.length > 0) {
    const fix =
      "mend the stack's settings with `pulumi config set KEY VALUE` or in its Pulumi.<stack>.yaml";
    throw new pulumi.RunError(`the configuration is wrong; ${fix}:\n  - ${faults.join("\n  - ")}`);
  }
  return config;
}

function unknownKeys(project: string, given: readonly string[]): string[] {
  return given
    .filter((key) => key.startsWith(`${project}:`))
    .map((key) => key.slice(project.length + 1))
    .filter((key) => !(configKeys as string[]).includes(key))
    .map((key) => `${key} is not a setting; the settings are ${configKeys.join(", ")}`);
}

function contradictions(config: PlatformConfig): string[] {
  const faults: string[] = [];
  const { trackingReplicas, servingReplicas, servingMaxReplicas } = config;
  if (trackingReplicas > 1) {
    faults.push(
      "trackingReplicas must be 1 while artifacts are on a ReadWriteOnce volume; set it to 1",
    );
  }
  if (servingMaxReplicas !== undefined && servingMaxReplicas < servingReplicas) {
    faults.push(
      `servingMaxReplicas must not be below servingReplicas (${servingReplicas}); raise it or set it to 0`,
    );
  }
  const ports = [
    config.trackingNodePort,
    config.servingNodePort,
    config.predictionNodePort,
    config.monitoring && config.grafana ? config.grafanaNodePort : undefined,
  ];
  const used = ports.filter((port) => port !== undefined);
  if (new Set(used).size < used.length) {
    faults.push(
      "trackingNodePort, servingNodePort, predictionNodePort and grafanaNodePort must differ; choose another port",
    );
  }
  return faults;
}
