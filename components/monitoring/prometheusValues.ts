import type * as pulumi from "@pulumi/pulumi";
import { services } from "../core/services.ts";
import { chartImages } from "../core/versions.ts";
import { unmonitored } from "../kubernetes/metadata.ts";
import { containerResources } from "../kubernetes/pods.ts";
import { alertRules } from "./alerts/index.ts";
import { hasNodeExporter, type PrometheusArgs } from "./arguments.ts";
import {
  chartContainerSecurity,
  chartImage,
  helperResources,
  officialCharts,
  placement,
  podMetadata,
  pullSecrets,
  replicas,
} from "./charts.ts";
import { type ChartValues, given } from "./chartValues.ts";
import { scrapeConfigs } from "./scrapeJobs.ts";

export const nodeExporterPort = 9100;

/** What the component derives in addition to its arguments. */
export interface PrometheusParts {
  url: pulumi.Output<string>;
  /** Host and port of Alertmanager. */
  alertmanagerAddress: pulumi.Output<string>;
  /** Secret with `alertmanager.yml`. */
  alertmanagerConfigName?: pulumi.Output<string>;
  /** Name for objects that exist once in a cluster. */
  clusterWide: (name: string) => pulumi.Output<string>;
  /** Claim that holds the samples. */
  claimName: pulumi.Output<string>;
  nodeExporterNamespace: pulumi.Input<string>;
  storage: {
    retention: pulumi.Input<string>;
    retentionSize: pulumi.Input<string>;
  };
}

/** What kube-state-metrics reads. Its chart would let it read Secrets and ConfigMaps, too; here it cannot. */
const namespacedKinds = [
  ...["cronjobs", "daemonsets", "deployments", "horizontalpodautoscalers", "jobs"],
  ...["persistentvolumeclaims", "poddisruptionbudgets", "pods", "replicasets", "resourcequotas"],
  ...["services", "statefulsets"],
];
const clusterKinds = ["namespaces", "nodes", "persistentvolumes"];

/** Values of the official chart `prometheus` and its four subcharts. No secret among them. */
export function prometheusValues(args: PrometheusArgs, parts: PrometheusParts): ChartValues {
  const { alertmanagerAddress } = parts;
  const hasAlertmanager = args.alertmanager ?? true;
  // a DaemonSet has as many pods as there are nodes: paused, there is none
  const runsNodeExporter = hasNodeExporter(args) && !args.paused;
  return {
    ...(args.namespaceOnly && { rbac: { create: false } }),
    // those of the server alone
    ...pullSecrets(args),
    server: server(args, parts, hasAlertmanager),
    // the server looks at its configuration itself; nothing has to call it
    configmapReload: { prometheus: { enabled: false } },
    serverFiles: {
      "alerting_rules.yml": {
        groups: args.alertRules ?? alertRules({ alertmanager: hasAlertmanager }),
      },
    },
    scrapeConfigs: scrapeConfigs({
      alertmanager: hasAlertmanager ? alertmanagerAddress : undefined,
      serviceNamespaces: [
        args.namespace,
        ...(hasNodeExporter(args) ? [parts.nodeExporterNamespace] : []),
      ],
      podNamespaces: args.scrapeNamespaces ?? [args.namespace],
      namespaceOnly: args.namespaceOnly,
    }),
    alertmanager: hasAlertmanager ? alertmanager(args, parts) : off,
    "kube-state-metrics": (args.kubeStateMetrics ?? true) ? kubeStateMetrics(args, parts) : off,
    "prometheus-node-exporter": runsNodeExporter ? nodeExporter(args, parts) : off,
    "prometheus-pushgateway": (args.pushgateway ?? true) ? pushgateway(args) : off,
  };
}

const off = { enabled: false };

const image = (reference: string, args: PrometheusArgs, { hasRegistry = false } = {}) =>
  chartImage(reference, args, officialCharts.prometheus, hasRegistry);

function server(args: PrometheusArgs, parts: PrometheusParts, alerts: boolean): ChartValues {
  const { retention, retentionSize } = parts.storage;
  return {
    fullnameOverride: services.prometheus.name,
    ...replicas(args, "replicaCount"),
    clusterRoleNameOverride: parts.clusterWide("prometheus"),
    enableServiceLinks: false,
    ...image(chartImages.prometheus, args),
    baseURL: parts.url,
    // this list replaces the chart's, with which any client can reload and quit the server over HTTP
    extraFlags: ["enable-feature=auto-reload-config"],
    global: { scrape_interval: "15s", scrape_timeout: "10s", evaluation_interval: "15s" },
    retention,
    retentionSize,
    persistentVolume: { existingClaim: parts.claimName },
    service: { servicePort: services.prometheus.port },
    resources: containerResources(
      { cpuRequest: "100m", cpuLimit: "1", memoryRequest: "256Mi", memoryLimit: "1Gi" },
      args.resources,
    ),
    containerSecurityContext: chartContainerSecurity,
    // the chart waits 30 s before the first probe; here a start ends as soon as the log is replayed
    startupProbe: { enabled: true, periodSeconds: 1, failureThreshold: 600 },
    readinessProbeInitialDelay: 0,
    readinessProbePeriodSeconds: 2,
    livenessProbeInitialDelay: 0,
    ...(alerts
      ? { alertmanagers: [{ static_configs: [{ targets: [parts.alertmanagerAddress] }] }] }
      : {}),
    ...podMetadata(args),
    ...placement(args),
  };
}

const configFolder = "/etc/alertmanager";

function alertmanager(args: PrometheusArgs, parts: PrometheusParts): ChartValues {
  const { alertmanagerAddress, alertmanagerConfigName: secretName } = parts;
  return {
    enabled: true,
    fullnameOverride: services.alertmanager.name,
    ...replicas(args, "replicaCount"),
    automountServiceAccountToken: false,
    ...image(chartImages.alertmanager, args),
    baseURL: alertmanagerAddress.apply((address) => `http://${address}`),
    // the whole configuration is a Secret of ours: it holds addresses and passwords of the receivers
    config: off,
    extraSecretMounts: [{ name: "config", mountPath: configFolder, secretName, readOnly: true }],
    // there is one replica: it needs no port for others
    extraArgs: { "cluster.listen-address": "" },
    persistence: given({ size: "100Mi", storageClass: args.storageClassName }),
    resources: helperResources("32Mi", "128Mi"),
    securityContext: chartContainerSecurity,
    livenessProbe: { httpGet: { path: "/-/healthy", port: "http" } },
    readinessProbe: { httpGet: { path: "/-/ready", port: "http" }, periodSeconds: 2 },
    ...podMetadata(args),
    ...placement(args),
    ...pullSecrets(args),
  };
}

function kubeStateMetrics(args: PrometheusArgs, parts: PrometheusParts): ChartValues {
  return {
    enabled: true,
    // its ClusterRole has the same name
    fullnameOverride: parts.clusterWide("kube-state-metrics"),
    ...replicas(args, "replicas"),
    ...image(chartImages.kubeStateMetrics, args, { hasRegistry: true }),
    collectors: args.namespaceOnly ? namespacedKinds : [...namespacedKinds, ...clusterKinds].sort(),
    ...(args.namespaceOnly && { rbac: { useClusterRole: false }, namespaces: args.namespace }),
    // with this label alerts leave out what is not monitored
    metricLabelsAllowlist: ["pods", "jobs"].map(
      (kind) => `${kind}=[${Object.keys(unmonitored).join()}]`,
    ),
    resources: helperResources("48Mi", "256Mi"),
    readinessProbe: { initialDelaySeconds: 0, periodSeconds: 2 },
    ...podMetadata(args),
    ...placement(args),
    ...pullSecrets(args),
  };
}

const everyNode = { effect: "NoSchedule", operator: "Exists" };

function nodeExporter(args: PrometheusArgs, parts: PrometheusParts): ChartValues {
  const { nodeExporterPort: port = nodeExporterPort } = args;
  return {
    enabled: true,
    fullnameOverride: "node-exporter",
    namespaceOverride: parts.nodeExporterNamespace,
    // at the node's address among the pods, not at every address that the machine has
    service: { port, targetPort: port, listenOnAllInterfaces: false },
    // where `/` is no shared mount, as in Docker Desktop, it could not start with the chart's own setting
    hostRootFsMount: { mountPropagation: "None" },
    ...image(chartImages.nodeExporter, args, { hasRegistry: true }),
    resources: helperResources("24Mi", "128Mi"),
    // it reads the node's processes and files, but needs no root rights
    containerSecurityContext: chartContainerSecurity,
    readinessProbe: { periodSeconds: 2 },
    // a list of ours replaces the chart's, by which it runs on nodes that others keep off
    ...(args.tolerations && { tolerations: [everyNode, ...args.tolerations] }),
    ...podMetadata(args),
    ...pullSecrets(args),
  };
}

function pushgateway(args: PrometheusArgs): ChartValues {
  return {
    enabled: true,
    fullnameOverride: "pushgateway",
    ...replicas(args, "replicaCount"),
    automountServiceAccountToken: false,
    ...image(chartImages.pushgateway, args),
    serviceAnnotations: { "prometheus.io/scrape": "true" },
    resources: helperResources("24Mi", "128Mi"),
    containerSecurityContext: chartContainerSecurity,
    readiness: { probe: { initialDelaySeconds: 0, periodSeconds: 2 } },
    ...podMetadata(args),
    ...placement(args),
    ...pullSecrets(args),
  };
}
