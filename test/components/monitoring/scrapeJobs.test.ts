import { unmonitored } from "../../../components/kubernetes/metadata.ts";
import {
  type RelabelConfig,
  scrapeConfigs,
  scrapeJobs,
} from "../../../components/monitoring/scrapeJobs.ts";

const args = {
  alertmanager: "alertmanager:9093",
  serviceNamespaces: ["ml"],
  podNamespaces: ["ml", "team"],
};
const jobs = scrapeJobs(args);

/** What Prometheus does to the labels of a target; undefined for one that it drops. */
function relabel(labels: Record<string, string>, steps: RelabelConfig[]) {
  const result = { ...labels };
  for (const { source_labels = [], regex = "(.*)", action = "replace", target_label } of steps) {
    const text = source_labels.map((label) => result[label] ?? "").join(";");
    const matches = new RegExp(`^(?:${regex})$`).test(text);
    if (action === "keep" && !matches) return undefined;
    if (action === "drop" && matches) return undefined;
    if (action === "replace" && matches && text) result[target_label!] = text;
  }
  return Object.fromEntries(Object.entries(result).filter(([label]) => !label.startsWith("__")));
}

const meta = (labels: Record<string, string>) =>
  Object.fromEntries(Object.entries(labels).map(([k, v]) => [`__meta_kubernetes_${k}`, v]));

const pod = {
  namespace: "ml",
  pod_name: "mlflow-1",
  pod_container_name: "metrics",
  pod_container_port_name: "metrics",
  pod_node_name: "node-1",
  pod_phase: "Running",
  pod_label_app_kubernetes_io_name: "mlflow",
  pod_label_app_kubernetes_io_part_of: "mlops-platform",
};

describe("the platform's pods", () => {
  const steps = jobs["mlops-pods"]!.relabel_configs!;

  test("carry the labels that queries count on", () => {
    expect(relabel(meta(pod), steps)).toEqual({
      namespace: "ml",
      pod: "mlflow-1",
      container: "metrics",
      node: "node-1",
      application: "mlflow",
    });
  });

  test("of a model that is not monitored are marked", () => {
    const [[label, value]] = Object.entries(unmonitored) as [[string, string]];
    const labelled = { ...pod, [`pod_label_${label.replaceAll(/\W/g, "_")}`]: value };
    expect(relabel(meta(labelled), steps)).toMatchObject({ monitor: "false" });
  });

  test.each([
    ["a second port for metrics", { pod_container_port_name: "db-metrics" }, true],
    ["another port", { pod_container_port_name: "http" }, false],
    ["a port that only begins so", { pod_container_port_name: "metrics-x" }, false],
    ["a port without a name", { pod_container_port_name: "" }, false],
    ["pods of others", { pod_label_app_kubernetes_io_part_of: "kube-state-metrics" }, false],
    ["pods that have ended", { pod_phase: "Succeeded" }, false],
    ["pods that wait", { pod_phase: "Pending" }, false],
  ])("%s", (_, other, scraped) => {
    expect(relabel(meta({ ...pod, ...other }), steps) !== undefined).toBe(scraped);
  });

  test("are looked for in the given namespaces only", () => {
    expect(jobs["mlops-pods"]!.kubernetes_sd_configs).toEqual([
      { role: "pod", namespaces: { names: ["ml", "team"] } },
    ]);
  });
});

describe("Services with the annotation", () => {
  const steps = jobs["annotated-services"]!.relabel_configs!;
  const service = {
    namespace: "ml-node-exporter",
    service_name: "node-exporter",
    service_annotation_prometheus_io_scrape: "true",
    endpointslice_port_name: "metrics",
    pod_node_name: "node-1",
  };

  test("carry namespace, service and node, and leave the series their own", () => {
    expect(relabel(meta(service), steps)).toEqual({
      namespace: "ml-node-exporter",
      service: "node-exporter",
      node: "node-1",
    });
    expect(jobs["annotated-services"]!.honor_labels).toBe(true);
  });

  test.each([
    ["Services that do not ask", { service_annotation_prometheus_io_scrape: "" }],
    ["ports that the Service does not open", { endpointslice_port_name: "" }],
  ])("%s are left alone", (_, other) => {
    expect(relabel(meta({ ...service, ...other }), steps)).toBeUndefined();
  });
});

describe("series of nodes", () => {
  const kept = (job: string, name: string) =>
    relabel({ __name__: name }, jobs[job]!.metric_relabel_configs!) !== undefined;

  test.each([
    "container_cpu_usage_seconds_total",
    "container_cpu_cfs_throttled_periods_total",
    "container_memory_working_set_bytes",
    "container_network_receive_bytes_total",
    "container_network_transmit_errors_total",
    "container_fs_usage_bytes",
    "container_fs_limit_bytes",
    "container_spec_memory_limit_bytes",
    "container_start_time_seconds",
    "container_oom_events_total",
    "machine_cpu_cores",
    "machine_memory_bytes",
  ])("%s of cAdvisor is kept", (name) => expect(kept("kubernetes-cadvisor", name)).toBe(true));

  test.each([
    "container_tasks_state",
    "container_memory_failures_total",
    "container_network_tcp_usage_total",
    "container_blkio_device_usage_total",
    "container_fs_reads_bytes_total",
    "container_ulimits_soft",
  ])("%s of cAdvisor is dropped", (name) => expect(kept("kubernetes-cadvisor", name)).toBe(false));

  test("of the kubelet's histograms sum and count remain", () => {
    const histogram = "kubelet_runtime_operations_duration_seconds";
    expect(kept("kubernetes-nodes", `${histogram}_bucket`)).toBe(false);
    expect(kept("kubernetes-nodes", `${histogram}_sum`)).toBe(true);
    expect(kept("kubernetes-nodes", "kubelet_volume_stats_used_bytes")).toBe(true);
  });

  test("name the node", () => {
    const steps = jobs["kubernetes-cadvisor"]!.relabel_configs!;
    expect(relabel(meta({ node_name: "node-1" }), steps)).toEqual({ node: "node-1" });
  });
});

test("without Alertmanager there is no job for it", () => {
  const { alertmanager: _, ...rest } = scrapeJobs(args);
  expect(scrapeJobs({ ...args, alertmanager: undefined })).toEqual(rest);
});

test("every job of the chart is replaced by one of ours or switched off", () => {
  const off = Object.entries(scrapeConfigs(args)).filter(([name]) => !(name in jobs));
  expect(off.map(([, job]) => job)).toEqual(off.map(() => ({ enabled: false })));
  expect([...off.map(([name]) => name), "prometheus", "kubernetes-nodes"].sort()).toEqual([
    "kubernetes-api-servers",
    "kubernetes-nodes",
    "kubernetes-nodes-cadvisor",
    "kubernetes-pods",
    "kubernetes-pods-slow",
    "kubernetes-service-endpoints",
    "kubernetes-service-endpoints-slow",
    "kubernetes-services",
    "prometheus",
    "prometheus-pushgateway",
  ]);
});
