import {
  around,
  cadvisor,
  constant,
  growing,
  kubelet,
  made,
  type Made,
  service,
  step,
} from "./series.ts";

/** What not every cluster has. */
export interface Exporters {
  nodeExporter: boolean;
  kubeStateMetrics: boolean;
}

export function nodes({ nodeExporter, kubeStateMetrics }: Exporters): Made[] {
  const cores = 4;
  const busy = growing(1.4);
  const memory = around(3.6e9, 4e8);
  const stored = (at: number) => 3.1e10 + at * 2e7;
  const root = { ...cadvisor, id: "/" };
  const pods: [
    namespace: string,
    name: string,
    container: string,
    cores: number,
    memory: number,
  ][] = [
    ["mlops", "mlflow-7d9c5", "mlflow", 0.12, 4.4e8],
    ["mlops", "model-server-7d9c5", "model-server", 0.3, 3.1e8],
    ["mlops", "prediction-app-7d9c5", "streamlit", 0.05, 1.9e8],
    ["mlops", "postgres-0", "postgres", 0.08, 9e7],
    ["mlops", "prometheus-0", "server", 0.04, 2.2e8],
    ["kube-system", "coredns-5f6d8", "coredns", 0.01, 2.4e7],
  ];
  const claims = ["postgres-data", "artifacts", "prometheus"];
  const node = { ...service("node-exporter"), namespace: "mlops-node-exporter" };
  return [
    made("machine_cpu_cores", cadvisor, constant(cores)),
    made("machine_memory_bytes", cadvisor, constant(8e9)),
    made("container_memory_working_set_bytes", root, memory),
    made("container_cpu_usage_seconds_total", { ...root, cpu: "total" }, busy),
    made("container_fs_usage_bytes", { ...root, device: "/dev/sda1" }, stored),
    made("container_fs_limit_bytes", { ...root, device: "/dev/sda1" }, constant(6e10)),
    ...["receive", "transmit"].flatMap((direction, index) => [
      made(
        `container_network_${direction}_bytes_total`,
        { ...root, interface: "eth0" },
        growing(4e5 - index * 2e5, index),
      ),
      ...(nodeExporter
        ? [
            made(
              `node_network_${direction}_bytes_total`,
              { ...node, device: "eth0" },
              growing(4e5 - index * 2e5, index),
            ),
          ]
        : []),
    ]),
    ...pods.flatMap(([namespace, name, container, ofCores, ofMemory], index) => {
      const ofPod = { ...cadvisor, namespace, pod: name, id: `/kubepods/${name}` };
      const ofContainer = {
        ...ofPod,
        container,
        id: `/kubepods/${name}/${container}`,
        name: `${index}`,
      };
      return [
        made(
          "container_cpu_usage_seconds_total",
          { ...ofPod, cpu: "total" },
          growing(ofCores, index),
        ),
        made(
          "container_cpu_usage_seconds_total",
          { ...ofContainer, cpu: "total" },
          growing(ofCores * 0.9, index),
        ),
        made("container_memory_working_set_bytes", ofPod, around(ofMemory, ofMemory / 9, index)),
        made(
          "container_memory_working_set_bytes",
          ofContainer,
          around(ofMemory * 0.9, ofMemory / 9, index),
        ),
        ...(kubeStateMetrics
          ? [
              made(
                "kube_pod_status_phase",
                {
                  ...service("kube-state-metrics"),
                  namespace,
                  pod: name,
                  phase: "Running",
                  uid: name,
                },
                constant(1),
              ),
              made(
                "kube_pod_container_status_restarts_total",
                { ...service("kube-state-metrics"), namespace, pod: name, container, uid: name },
                (at) => (index === 2 && at > 120 ? 1 : 0),
              ),
            ]
          : []),
      ];
    }),
    made("kubelet_running_pods", kubelet, constant(pods.length)),
    ...claims.flatMap((persistentvolumeclaim, index) => {
      const of = { ...kubelet, namespace: "mlops", persistentvolumeclaim };
      const used = (at: number) => 8e8 * (index + 1) + at * 1e6;
      return [
        made("kubelet_volume_stats_used_bytes", of, used),
        made("kubelet_volume_stats_available_bytes", of, (at) => 8.6e9 - used(at)),
      ];
    }),
    ...(nodeExporter
      ? [
          // the same truth as cAdvisor's
          made(
            "node_cpu_seconds_total",
            { ...node, cpu: "0", mode: "idle" },
            (at) => 1e4 + at * step - busy(at)! / cores,
          ),
          made(
            "node_cpu_seconds_total",
            { ...node, cpu: "0", mode: "user" },
            (at) => busy(at)! / cores,
          ),
          made("node_memory_MemTotal_bytes", node, constant(8e9)),
          made("node_memory_MemAvailable_bytes", node, (at) => 8e9 - memory(at)!),
          ...["avail", "free", "size"].map((statistic) =>
            made(
              `node_filesystem_${statistic}_bytes`,
              { ...node, device: "/dev/sda1", fstype: "ext4", mountpoint: "/" },
              statistic === "size" ? constant(6e10) : (at) => 6e10 - stored(at),
            ),
          ),
        ]
      : []),
    ...(kubeStateMetrics
      ? [
          made(
            "kube_node_status_allocatable",
            { ...service("kube-state-metrics"), resource: "pods", unit: "integer" },
            constant(110),
          ),
        ]
      : []),
  ];
}
