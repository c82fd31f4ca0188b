import { services } from "../core/services.ts";
import type * as pulumi from "@pulumi/pulumi";

/** A step that keeps, drops or rewrites targets or series, as Prometheus writes it. */
export interface RelabelConfig {
  source_labels?: string[];
  regex?: string;
  action?: "keep" | "drop" | "replace" | "labeldrop";
  target_label?: string;
  replacement?: string;
}

/** One job of Prometheus' `scrape_configs`; its name is its key in the chart's map. */
export interface ScrapeJob {
  honor_labels?: boolean;
  scheme?: "https";
  metrics_path?: string;
  bearer_token_file?: string;
  tls_config?: { ca_file: string; insecure_skip_verify: boolean };
  static_configs?: { targets: pulumi.Input<string>[] }[];
  kubernetes_sd_configs?: {
    role: "node" | "pod" | "endpointslice";
    namespaces?: { names: pulumi.Input<string>[] };
  }[];
  relabel_configs?: RelabelConfig[];
  metric_relabel_configs?: RelabelConfig[];
}

/** Jobs that the chart brings along. Ours take their place: fewer series, and the labels that our queries count on. */
const chartJobs = [
  "kubernetes-api-servers",
  "kubernetes-nodes",
  "kubernetes-nodes-cadvisor",
  "kubernetes-service-endpoints",
  "kubernetes-service-endpoints-slow",
  "prometheus-pushgateway",
  "kubernetes-services",
  "kubernetes-pods",
  "kubernetes-pods-slow",
];

const meta = "__meta_kubernetes_";

const keep = (label: string, regex: string): RelabelConfig => ({
  source_labels: [meta + label],
  regex,
  action: "keep",
});

/** Series get `target` from what Kubernetes says about the target. */
const copy = (label: string, target: string): RelabelConfig => ({
  source_labels: [meta + label],
  target_label: target,
});

const dropSeries = (names: string): RelabelConfig => ({
  source_labels: ["__name__"],
  regex: names,
  action: "drop",
});

const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

/** A kubelet shows its metrics to anyone who may `get` the resource `nodes/metrics`; its own certificate is seldom signed. */
const kubelet: ScrapeJob = {
  scheme: "https",
  bearer_token_file: `${serviceAccount}/token`,
  tls_config: { ca_file: `${serviceAccount}/ca.crt`, insecure_skip_verify: true },
  kubernetes_sd_configs: [{ role: "node" }],
  relabel_configs: [copy("node_name", "node")],
};

/** What cAdvisor counts per container, device or protocol and no query of ours uses: most of its series. */
const unusedContainerSeries =
  "container_(blkio_.*|cpu_(load|schedstat|system|user).*|file_descriptors|fs_(inodes|io|reads?|sector|writes?).*" +
  "|hugetlb_.*|last_seen|memory_(failures|kernel|mapped|max|migrate|numa|pressure|total).*|perf_.*|pressure_.*|processes" +
  "|network_(advance_)?(tcp|udp).*|sockets|tasks_state|threads.*|ulimits_soft|referenced_bytes)";

const kubeletJobs: { [name: string]: ScrapeJob } = {
  "kubernetes-nodes": { ...kubelet, metric_relabel_configs: [dropSeries(".+_bucket")] },
  "kubernetes-cadvisor": {
    ...kubelet,
    metrics_path: "/metrics/cadvisor",
    metric_relabel_configs: [dropSeries(unusedContainerSeries)],
  },
};

export interface ScrapeJobsArgs {
  /** Address of Alertmanager, where there is one. */
  alertmanager?: pulumi.Input<string>;
  /** Namespaces in which every Service that asks for it is scraped. */
  serviceNamespaces: pulumi.Input<string>[];
  /** Namespaces in which the platform's own pods are scraped. */
  podNamespaces: pulumi.Input<string>[];
  /** Whether the kubelets are left out, because they require a cluster-wide right. */
  namespaceOnly?: boolean;
}

/**
 * Everything that Prometheus scrapes. Series of pods carry `namespace`, `pod`, `container`, `node` and `application`, and
 * `monitor="false"` where they raise no alerts; their label `model` comes from the pods. Series of Services carry
 * `namespace`, `service` and `node`, those of the kubelet and cAdvisor `node`.
 */
export function scrapeJobs(args: ScrapeJobsArgs): { [name: string]: ScrapeJob } {
  const { alertmanager, serviceNamespaces, podNamespaces, namespaceOnly = false } = args;
  return {
    prometheus: { static_configs: [{ targets: [`localhost:${services.prometheus.port}`] }] },
    ...(alertmanager === undefined
      ? {}
      : { alertmanager: { static_configs: [{ targets: [alertmanager] }] } }),
    ...(namespaceOnly ? {} : kubeletJobs),
    "annotated-services": {
      // kube-state-metrics and the Pushgateway report about other objects: their labels win over the target's
      honor_labels: true,
      kubernetes_sd_configs: [{ role: "endpointslice", namespaces: { names: serviceNamespaces } }],
      relabel_configs: [
        keep("service_annotation_prometheus_io_scrape", "true"),
        // the pods' ports that the Service does not open are found too, without the name of a port
        keep("endpointslice_port_name", ".+"),
        copy("namespace", "namespace"),
        copy("service_name", "service"),
        copy("pod_node_name", "node"),
      ],
    },
    "mlops-pods": {
      kubernetes_sd_configs: [{ role: "pod", namespaces: { names: podNamespaces } }],
      relabel_configs: [
        keep("pod_label_app_kubernetes_io_part_of", "mlops-platform"),
        keep("pod_container_port_name", "(.+-)?metrics"),
        keep("pod_phase", "Running"),
        copy("namespace", "namespace"),
        copy("pod_name", "pod"),
        copy("pod_container_name", "container"),
        copy("pod_node_name", "node"),
        copy("pod_label_app_kubernetes_io_name", "application"),
        copy("pod_label_mlops_platform_monitor", "monitor"),
      ],
    },
  };
}

/** The chart's map of jobs: ours, and its own switched off. */
export function scrapeConfigs(args: ScrapeJobsArgs) {
  const off = Object.fromEntries(chartJobs.map((job) => [job, { enabled: false }]));
  return { ...off, ...scrapeJobs(args) };
}
