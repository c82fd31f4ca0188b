import type { ClusterFacts, NodePortHolder } from "./clusterFacts.ts";
import { modelService } from "../components/index.ts";
import { modelPath, type ModelSettings, withFirst } from "./modelSettings.ts";
import { ClusterTarget, type PlatformConfig, usualModelPort, usualNodePorts } from "./settings.ts";

export type PortSettings = { readonly [Key in NodePortKey]: number } & {
  readonly nodeExporterPort?: number;
  readonly models: ModelSettings;
};
type NodePortKey = keyof typeof usualNodePorts;

const usualExporterPort = 9100;

/** What a cluster is to the ports of a stack that is about to be deployed there. */
export type PortFacts = Pick<ClusterFacts, "nodePorts" | "hostPorts" | "platformNamespaces"> & {
  /** Whether it is a cluster of this machine. */
  readonly isOwn: boolean;
};

export const portFacts = ({ own, ...facts }: ClusterFacts): PortFacts => ({
  ...facts,
  isOwn: own !== undefined,
});

/** A cluster of which nothing is known yet. */
export const unseen = (isOwn: boolean): PortFacts => ({
  isOwn,
  nodePorts: [],
  hostPorts: [],
  platformNamespaces: [],
});

const nodePortKeys = Object.keys(usualNodePorts) as NodePortKey[];

/** Whether a setting is left to what the cluster is. */
export const leavesPortsOpen = (config: PlatformConfig): boolean =>
  config.cluster === ClusterTarget.Current &&
  [
    ...nodePortKeys.map((key) => config[key]),
    config.namespaceOnly ? 0 : config.nodeExporterPort,
    Object.values(config.models)[0]?.nodePort,
  ].includes(undefined);

/** Every port: the one that is set, else the usual one on a cluster of this machine and none on any other. */
export function choosePorts(config: PlatformConfig, facts: PortFacts): PortSettings {
  const chosen = nodePortKeys.map((key) => [
    key,
    config[key] ?? (facts.isOwn ? usualNodePorts[key] : 0),
  ]);
  const [first = ""] = Object.keys(config.models);
  return {
    ...(Object.fromEntries(chosen) as Record<NodePortKey, number>),
    ...(!config.namespaceOnly && {
      nodeExporterPort: config.nodeExporterPort ?? exporterPort(config, facts),
    }),
    models: withFirst(config.models, ({ nodePort }) => ({
      nodePort: nodePort ?? (facts.isOwn ? modelPort(first, config, facts) : 0),
    })),
  };
}

/** The usual port; the next free one while a Service of this stack that is about to go has that. */
function modelPort(model: string, { namespace }: PlatformConfig, { nodePorts }: PortFacts): number {
  const holder = nodePorts.find(({ port }) => port === usualModelPort);
  const isGoing = holder?.namespace === namespace && holder.service !== modelService(model);
  const taken = nodePorts.map(({ port }) => port);
  return isGoing ? freePort(usualModelPort, taken, nodePortRange) : usualModelPort;
}

/** The port that this stack's node-exporter has; a new one goes out of the way of other stacks of this platform. */
function exporterPort({ namespace }: PlatformConfig, facts: PortFacts): number {
  const { hostPorts, platformNamespaces } = facts;
  const present = hostPorts.find((holder) => holder.namespace === exporterNamespace(namespace));
  if (present !== undefined) return present.port;
  const isTaken = (port: number, byWhom: readonly string[]) =>
    hostPorts.some((holder) => holder.port === port && byWhom.includes(holder.namespace));
  if (!isTaken(usualExporterPort, platformNamespaces)) return usualExporterPort;
  const anyone = hostPorts.map((holder) => holder.namespace);
  let port = usualExporterPort + 1;
  while (isTaken(port, anyone)) port += 1;
  return port;
}

const exporterNamespace = (namespace: string) => `${namespace}-node-exporter`;

/** Ports of a stack that others hold in its cluster, a sentence each, with the setting that helps. */
export function portFaults(config: PlatformConfig, facts: PortFacts): string[] {
  const { monitoring, grafana, nodeExporter, namespaceOnly } = config;
  const ports = choosePorts(config, facts);
  const keys = nodePortKeys.filter((key) => key !== "grafanaNodePort" || (monitoring && grafana));
  const nodePorts = [
    ...keys.map((key) => [key, ports[key]] as const),
    ...Object.entries(ports.models).map(
      ([name, { nodePort = 0 }]) => [modelPath(name, "nodePort"), nodePort] as const,
    ),
  ];
  return [
    ...nodePortFaults(nodePorts, config, facts),
    ...(monitoring && nodeExporter && !namespaceOnly ? exporterFaults(ports, config, facts) : []),
  ];
}

function nodePortFaults(
  ports: readonly (readonly [setting: string, port: number])[],
  { namespace }: PlatformConfig,
  { nodePorts }: PortFacts,
): string[] {
  const taken = [...nodePorts.map(({ port }) => port), ...ports.map(([, port]) => port)];
  return ports.flatMap(([setting, port]) => {
    const isHolder = (one: NodePortHolder) => one.port === port && one.namespace !== namespace;
    const holder = nodePorts.find(isHolder);
    if (holder === undefined) return [];
    const free = freePort(holder.port, taken, nodePortRange);
    taken.push(free);
    return `${setting}: port ${holder.port} of the nodes belongs to the Service ${holder.namespace}/${holder.service}; set ${setting} to a free port such as ${free}, or to 0`;
  });
}

function exporterFaults(
  { nodeExporterPort }: PortSettings,
  { namespace }: PlatformConfig,
  { hostPorts }: PortFacts,
): string[] {
  const holder = hostPorts.find(
    (one) => one.port === nodeExporterPort && one.namespace !== exporterNamespace(namespace),
  );
  if (holder === undefined) return [];
  const taken = hostPorts.map(({ port }) => port);
  const free = freePort(holder.port, taken, [1024, 65535]);
  return [
    `nodeExporterPort: port ${holder.port} of the node ${holder.node} belongs to the pod ${holder.namespace}/${holder.pod}; set nodeExporterPort to a free port such as ${free}, or nodeExporter to false`,
  ];
}

const nodePortRange: [least: number, most: number] = [30000, 32767];

/** The next port that is not taken, from the lowest again after the highest. */
function freePort(from: number, taken: readonly number[], [least, most]: [number, number]): number {
  let port = from;
  do port = port < most ? port + 1 : least;
  while (taken.includes(port));
  return port;
}
