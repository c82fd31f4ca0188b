import type * as pulumi from "@pulumi/pulumi";
import { refuse } from "../core/checks.ts";
import type { ContainerResourcesArgs } from "../kubernetes/arguments.ts";
import type { RuleGroup } from "./alerts/index.ts";
import type { ChartValues } from "./chartValues.ts";
import type { PlatformDashboard } from "./dashboards/index.ts";
import { openGrafanaSettings } from "./grafanaAccess.ts";
import type { AlertReceiversArgs } from "./receivers.ts";

/** Where a Helm chart comes from. Left out, the official chart at the version that the platform was tried with. */
export interface ChartArgs {
  /** OCI reference, name of a chart in `repository`, URL of an archive, or path of a folder or archive on this machine. */
  chart?: string;
  /** Exact version. Defaults to the official chart's for a chart in a registry or repository. Leave out for a path or an archive. */
  version?: string;
  /** URL of the repository that holds `chart`. Leave out for OCI references and paths. */
  repository?: string;
}

/** Arguments of Prometheus. */
export interface PrometheusArgs {
  /** Namespace of everything but node-exporter. It may enforce Pod Security `restricted`. */
  namespace: pulumi.Input<string>;
  /** Helm chart. Defaults to the official chart `prometheus`, at the version this was tried with. */
  chart?: ChartArgs;
  /** Registry, with a path if need be, that stands in for `quay.io` and `registry.k8s.io`. Defaults to those. */
  imageRegistry?: string;
  /** Age at which samples are dropped. Defaults to `15d`. */
  retention?: pulumi.Input<string>;
  /** Size at which the oldest samples are dropped, in powers of 1024 such as `6GB`. It must be below `storageSize`; defaults to four fifths of it. */
  retentionSize?: pulumi.Input<string>;
  /** Size of the claim that holds the samples. Defaults to `8Gi`. It can grow where the storage class allows it, never shrink. */
  storageSize?: pulumi.Input<string>;
  /** Storage class of the claims. Defaults to the cluster's default class. It cannot be changed later. */
  storageClassName?: pulumi.Input<string>;
  /** Whether Alertmanager takes the alerts, groups them and tells the receivers. Defaults to true. */
  alertmanager?: boolean;
  /** Whether kube-state-metrics reports on Deployments, Jobs, pods and claims. Defaults to true. */
  kubeStateMetrics?: boolean;
  /** Whether node-exporter reports on the nodes. Defaults to true. GKE Autopilot refuses it: set it to false there. */
  nodeExporter?: boolean;
  /** Port on which node-exporter listens on every node, at the address that pods reach. Defaults to 9100. A cluster needs a port for each node-exporter in it. */
  nodeExporterPort?: number;
  /** Whether a push gateway takes metrics of Jobs that end before they are scraped. Defaults to true. */
  pushgateway?: boolean;
  /** Namespace that is made for node-exporter, which needs more of the node than Pod Security `restricted` allows. Defaults to `<namespace>-node-exporter`. */
  nodeExporterNamespace?: pulumi.Input<string>;
  /** Namespaces whose pods of this platform are scraped: those labelled `app.kubernetes.io/part-of: mlops-platform`. Defaults to `namespace` alone. */
  scrapeNamespaces?: pulumi.Input<string>[];
  /** Groups of alerting rules. Defaults to the platform's own, each with a runbook. */
  alertRules?: RuleGroup[];
  /** Who is told about alerts. Defaults to nobody: alerts then show in Alertmanager and Grafana only. */
  receivers?: AlertReceiversArgs;
  /** Whether no pod runs, node-exporter's among them. Defaults to false. Samples stay on their claim; nothing is scraped, and nobody is told of alerts. */
  paused?: boolean;
  /** Values of the chart, merged last over those of this component: maps key by key, lists as a whole; `null` takes a value of this component away. */
  values?: ChartValues;
  /** CPU and memory of the server. Defaults to 100m and 256Mi requested, 1 core and 1Gi at most. */
  resources?: ContainerResourcesArgs;
  /** Labels added to the component's own objects and to every pod. */
  labels?: { [key: string]: pulumi.Input<string> };
  /** Annotations added to the component's own objects and to every pod. */
  annotations?: { [key: string]: pulumi.Input<string> };
}

/** Arguments of Grafana. */
export interface GrafanaArgs {
  /** Namespace of every object. It may enforce Pod Security `restricted`. */
  namespace: pulumi.Input<string>;
  /** Helm chart. Defaults to the official chart `grafana`, at the version this was tried with. */
  chart?: ChartArgs;
  /** Registry, with a path if need be, that stands in for `docker.io` and `quay.io`. Defaults to those. */
  imageRegistry?: string;
  /** URL of Prometheus inside the cluster. */
  prometheusUrl: pulumi.Input<string>;
  /** URL of Alertmanager inside the cluster. Left out, alerts show as Prometheus knows them. */
  alertmanagerUrl?: pulumi.Input<string>;
  /** Dashboards. Defaults to the platform's own. The one with the uid `mlops-home` is the first page. */
  dashboards?: PlatformDashboard[];
  /** Size of the claim that holds users, preferences and dashboards that people made. Defaults to `1Gi`. It can grow where the storage class allows it, never shrink. */
  storageSize?: pulumi.Input<string>;
  /** Storage class of the claim. Defaults to the cluster's default class. It cannot be changed later. */
  storageClassName?: pulumi.Input<string>;
  /** Port on every node, 30000 to 32767. Left out, Grafana is reachable inside the cluster only. */
  nodePort?: number;
  /** Address by which people reach a node. Defaults to `localhost`. */
  nodeAddress?: pulumi.Input<string>;
  /** `https:` URL under which a gateway opens it, such as `https://grafana.example.com`. Left out, `externalUrl` is the port on the nodes, or the Service. */
  publicUrl?: string;
  /** Whether no pod runs. Defaults to false. What people made in it stays on its claim. */
  paused?: boolean;
  /** Values of the chart, merged last over those of this component: maps key by key, lists as a whole; `null` takes a value of this component away. Anonymous access, sign-up and embedding cannot be switched on. */
  values?: ChartValues;
  /** CPU and memory of Grafana. Defaults to 50m and 128Mi requested, 1 core and 512Mi at most. */
  resources?: ContainerResourcesArgs;
  /** Labels added to the component's own objects and to the pod. */
  labels?: { [key: string]: pulumi.Input<string> };
  /** Annotations added to the component's own objects and to the pod. */
  annotations?: { [key: string]: pulumi.Input<string> };
}

/** Refuses chart values that open Grafana to people who have not logged in. An output is left to the policy pack. */
export function checkGrafanaLogin(subject: string, values: ChartValues = {}): void {
  const open = openGrafanaSettings(values);
  const sentence = `values must keep Grafana's login; leave out ${open.join(", ")}`;
  refuse(subject, open.length > 0, sentence);
}
