import type * as pulumi from "@pulumi/pulumi";
import {
  anything,
  type Combination,
  dnsLabel,
  flag,
  list,
  map,
  matches,
  must,
  object,
  quantity,
  required,
  type Rule,
  type Rules,
  text,
  whole,
} from "../core/checks.ts";
import { registryPattern, registryRule } from "../core/imageMirror.ts";
import * as kube from "../kubernetes/arguments.ts";
import type { RuleGroup } from "./alerts/index.ts";
import type { ChartValues } from "./chartValues.ts";
import type { PlatformDashboard } from "./dashboards/index.ts";
import { openGrafanaSettings } from "./grafanaAccess.ts";
import { type AlertReceivers, checkReceivers } from "./receivers.ts";
import { retentionRules, retentionFits } from "./retention.ts";

/** Where a Helm chart comes from. Left out, the official chart at the version that the platform was tried with. */
export interface HelmChart {
  /** OCI reference, name of a chart in `repository`, URL of an archive, or path of a folder or archive on this machine. */
  chart?: string;
  /** Exact version. Defaults to the official chart's for a chart in a registry or repository. Leave out for a path or an archive. */
  version?: string;
  /** URL of the repository that holds `chart`. Leave out for OCI references and paths. */
  repository?: string;
}

/** What both charts of the monitoring are given. */
export interface MonitoringChartArgs {
  /** Registry, optionally with a path, that mirrors the chart's images. Defaults to the original registries. */
  imageMirror?: string;
  /** Storage class of the claims. Defaults to the cluster's default class. It cannot be changed later. */
  storageClassName?: pulumi.Input<string>;
}

/** What people choose about Prometheus. */
export interface PrometheusSettings extends kube.PodPlacement {
  /** Helm chart. Defaults to the official chart `prometheus`, at the version this was tested with. */
  chart?: HelmChart;
  /** Groups of alerting rules. Defaults to the platform's own, without those about its models and Grafana. */
  alertRules?: pulumi.Input<RuleGroup[]>;
  /** Age at which samples are dropped. Defaults to `15d`. */
  retention?: pulumi.Input<string>;
  /** Size at which the oldest samples are dropped, in powers of 1024 such as `6GB`. It must be below `storageSize`; defaults to four fifths of it. */
  retentionSize?: pulumi.Input<string>;
  /** Size of the claim that holds the samples. Defaults to `8Gi`. It can grow where the storage class allows it, but never shrink. */
  storageSize?: pulumi.Input<string>;
  /** Whether to run Alertmanager, which groups alerts and notifies the receivers. Defaults to true. */
  alertmanager?: boolean;
  /** Whether kube-state-metrics reports on Deployments, Jobs, pods and claims. Defaults to true. */
  kubeStateMetrics?: boolean;
  /** Whether node-exporter reports on the nodes. Defaults to true. GKE Autopilot refuses it: set it to false there. */
  nodeExporter?: boolean;
  /** Port on which node-exporter listens on every node, at the address that pods reach. Defaults to 9100. Each node-exporter in a cluster needs a different port. */
  nodeExporterPort?: number;
  /** Whether to run a Pushgateway for the metrics of Jobs that end before they are scraped. Defaults to true. */
  pushgateway?: boolean;
  /** Namespace to create for node-exporter, which needs more access to the node than Pod Security `restricted` allows. Defaults to `<namespace>-node-exporter`. */
  nodeExporterNamespace?: pulumi.Input<string>;
  /** Namespaces in which pods labelled `app.kubernetes.io/part-of: mlops-platform` are scraped. Defaults to `namespace` only. */
  scrapeNamespaces?: pulumi.Input<string>[];
  /** Alert receivers. Defaults to none: alerts are shown in Alertmanager and Grafana only. */
  receivers?: AlertReceivers;
  /** Chart values, merged last over the component's own: maps key by key, lists as a whole; `null` removes a value. */
  values?: ChartValues;
  /** CPU and memory of the server. Defaults to requests of 100m and 256Mi, and limits of 1 core and 1Gi. */
  resources?: kube.ContainerResources;
}

/** Arguments of Prometheus. Labels and annotations are added to the component's own objects and to every pod. */
export interface PrometheusArgs
  extends PrometheusSettings, MonitoringChartArgs, kube.NamespacedArgs, kube.PausableArgs {
  /** Whether Prometheus is limited to `namespace`, with a Role in place of a ClusterRole: nodes and their containers are not scraped, and there is no node-exporter. Defaults to false. */
  namespaceOnly?: boolean;
}

/** What people choose about Grafana. */
export interface GrafanaSettings extends kube.NodePortArgs, kube.PodPlacement {
  /** Helm chart. Defaults to the official chart `grafana`, at the version this was tested with. */
  chart?: HelmChart;
  /** Dashboards. Defaults to the platform's own. The one with the uid `mlops-home` is the home page. */
  dashboards?: PlatformDashboard[];
  /** Size of the claim that holds users, preferences and the dashboards that users created. Defaults to `1Gi`. It can grow where the storage class allows it, but never shrink. */
  storageSize?: pulumi.Input<string>;
  /** Chart values, merged last over the component's own: maps key by key, lists as a whole; `null` removes a value. Anonymous access, sign-up and embedding cannot be enabled. */
  values?: ChartValues;
  /** CPU and memory of Grafana. Defaults to requests of 50m and 128Mi, and limits of 1 core and 512Mi. */
  resources?: kube.ContainerResources;
}

/** Arguments of Grafana. Labels and annotations are added to the component's own objects and to the pod. */
export interface GrafanaArgs
  extends
    GrafanaSettings,
    MonitoringChartArgs,
    kube.NamespacedArgs,
    kube.NodeAddressArgs,
    kube.PausableArgs {
  /** URL of Prometheus inside the cluster. */
  prometheusUrl: pulumi.Input<string>;
  /** URL of Alertmanager inside the cluster. Left out, alerts are shown as Prometheus reports them. */
  alertmanagerUrl?: pulumi.Input<string>;
  /** Existing Secret to use instead of generated passwords, in the same namespace, with the keys `admin-user`, `admin-password` and `secret-key`. The outputs `adminUsername` and `adminPassword` are then absent. Changing `secret-key` makes everything that Grafana has encrypted unreadable. */
  adminSecretName?: pulumi.Input<string>;
  /** `https:` URL at which a gateway exposes it, such as `https://grafana.example.com`. Left out, `externalUrl` is the port on the nodes, or the Service. */
  publicUrl?: string;
}

/** Refuses sources that no chart can come from, or that may bring another chart tomorrow. */
const chart: Rule = object<HelmChart>(
  {
    chart: text,
    version: matches(
      /^v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+\S+)?$/,
      "be an exact version such as 29.27.0, so that the same program deploys the same chart",
    ),
    repository: text,
  },
  (check, args) =>
    check.refuse(
      "repository",
      args.repository !== undefined && args.chart?.startsWith("oci://") === true,
      `${check.pathOf("repository")} and an OCI reference exclude each other; leave ${check.pathOf("repository")} out`,
    ),
);

const chartRules: Rules<MonitoringChartArgs> = {
  imageMirror: matches(registryPattern, registryRule),
  storageClassName: text,
};

export const prometheusSettingsRules: Rules<PrometheusSettings> = {
  ...kube.podPlacementRules,
  chart,
  ...retentionRules,
  alertmanager: flag,
  kubeStateMetrics: flag,
  nodeExporter: flag,
  nodeExporterPort: whole(1024, 65535),
  pushgateway: flag,
  nodeExporterNamespace: dnsLabel("mlops-node-exporter"),
  scrapeNamespaces: list(dnsLabel("mlops")),
  alertRules: list(anything),
  receivers: checkReceivers,
  values: map(anything),
  resources: kube.resourcesRule,
};

export const checkPrometheusSettings: Rule = object<PrometheusSettings>(
  prometheusSettingsRules,
  retentionFits,
);

/** Whether there is a node-exporter, which needs its own namespace. */
export const hasNodeExporter = ({
  nodeExporter = true,
  namespaceOnly = false,
}: Partial<PrometheusArgs>): boolean => nodeExporter && !namespaceOnly;

/** The default of node-exporter's namespace is made of the platform's. */
const exporterNamespace: Combination<PrometheusArgs> = (check, args) => {
  const { namespace, nodeExporterNamespace } = args;
  if (
    hasNodeExporter(args) &&
    nodeExporterNamespace === undefined &&
    typeof namespace === "string"
  ) {
    check.hold(
      "nodeExporterNamespace",
      `${namespace}-node-exporter`,
      dnsLabel("mlops-node-exporter"),
    );
  }
};

export const checkPrometheus: Rule = object<PrometheusArgs>(
  {
    ...prometheusSettingsRules,
    ...chartRules,
    ...kube.namespacedRules,
    ...kube.pausableRules,
    namespaceOnly: flag,
  },
  retentionFits,
  exporterNamespace,
);

/** The most that a ConfigMap holds, with room for its own fields. */
const mostBytes = 1024 ** 2 - 16 * 1024;

const dashboards: Rule = (check, value) => {
  const given = list(
    object<PlatformDashboard>({
      uid: required(
        matches(
          /^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/,
          "have at most 40 lower-case letters, digits and dashes; rename it",
        ),
      ),
      title: required(text),
      json: required(
        must(
          "be smaller than a ConfigMap, which holds 1 MiB; split it",
          (json) => typeof json === "string" && new TextEncoder().encode(json).length <= mostBytes,
        ),
      ),
    }),
  )(check, value) as PlatformDashboard[] | undefined;
  const uids = given?.map(({ uid }) => uid) ?? [];
  return new Set(uids).size < uids.length
    ? check.must("have unique uids; rename one of them")
    : given;
};

export const grafanaSettingsRules: Rules<GrafanaSettings> = {
  ...kube.nodePortRules,
  ...kube.podPlacementRules,
  chart,
  dashboards,
  storageSize: quantity("1Gi"),
  // an output is left to the policy pack
  values: (check, value) => {
    const open = openGrafanaSettings(value);
    return open.length === 0
      ? map(anything)(check, value)
      : check.must(`keep Grafana's login; leave out ${open.join(", ")}`);
  },
  resources: kube.resourcesRule,
};

export const checkGrafanaSettings: Rule = object<GrafanaSettings>(grafanaSettingsRules);

export const checkGrafana: Rule = object<GrafanaArgs>({
  ...grafanaSettingsRules,
  ...chartRules,
  ...kube.namespacedRules,
  ...kube.nodeAddressRules,
  ...kube.pausableRules,
  prometheusUrl: required(text),
  alertmanagerUrl: text,
  adminSecretName: text,
  publicUrl: must<string>(
    "be an https: URL without a path, such as https://grafana.example.com",
    (url) => URL.canParse(url) && /^https:\/\/[^/?#@]+$/.test(url),
  ),
});
