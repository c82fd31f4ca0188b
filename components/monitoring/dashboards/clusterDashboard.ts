import { dashboard, labelVariable } from "./layout.ts";
import { stat, table, timeSeries, wholeNumbers } from "./panels.ts";
import { window } from "./promql.ts";
import type { Dashboard } from "./shapes.ts";

/*
 * Nodes: the first form is node-exporter's, the second, after `or`, the kubelet's own, for clusters that refuse
 * node-exporter (GKE Autopilot) or run without it. Neither side has labels, so the second shows only without the first.
 */

const memory = `100 * (1 - sum(node_memory_MemAvailable_bytes) / sum(node_memory_MemTotal_bytes))
or 100 * sum(container_memory_working_set_bytes{id="/"}) / sum(machine_memory_bytes)`;

const cpu = `100 * (1 - avg(rate(node_cpu_seconds_total{mode="idle"}[${window}])))
or 100 * sum(rate(container_cpu_usage_seconds_total{id="/"}[${window}])) / sum(machine_cpu_cores)`;

// Counted as in `df`: blocks reserved for root are neither used nor available. A disk that is mounted twice counts once.
const disk = (statistic: string) =>
  `sum(max by (node, device) (node_filesystem_${statistic}_bytes{fstype!~"tmpfs|overlay|squashfs|iso9660"}))`;
const kubeletDisk = (statistic: string) =>
  `sum(max by (node, device) (container_fs_${statistic}_bytes{id="/",device=~"/dev/.+",device!~"/dev/(shm|loop.*)"}))`;
const usedOfDisk = `(${disk("size")} - ${disk("free")})`;
const filesystem = `100 * ${usedOfDisk} / (${usedOfDisk} + ${disk("avail")})
or 100 * ${kubeletDisk("usage")} / ${kubeletDisk("limit")}`;

// Without the virtual interfaces of pods, which would count all traffic twice.
const virtual =
  "lo|veth.*|cali.*|cilium.*|lxc.*|docker.*|cni.*|br-.*|kube-.*|flannel.*|dummy.*|ifb.*|mlops-.*";
const network = (direction: "receive" | "transmit") =>
  `sum(rate(node_network_${direction}_bytes_total{device!~"${virtual}"}[${window}]))
or sum(rate(container_network_${direction}_bytes_total{id="/",interface!~"${virtual}"}[${window}]))`;

const runningPods = `sum(kube_pod_status_phase{phase="Running"}) or sum(kubelet_running_pods)`;
const allocatablePods = `sum(kube_node_status_allocatable{resource="pods"})`;

/*
 * Pods: the kubelet reports a pod's own group and each of its containers; the pod's is the greatest. Some
 * runtimes leave the label `container` empty, so no query here uses it.
 */
const ofPods = 'namespace=~"$namespace",pod!=""';
const podCpu = `max by (namespace, pod) (rate(container_cpu_usage_seconds_total{${ofPods}}[${window}]))`;
const podMemory = `max by (namespace, pod) (container_memory_working_set_bytes{${ofPods}})`;

const restarts =
  'sum by (namespace, pod) (increase(kube_pod_container_status_restarts_total{namespace=~"$namespace"}[1h]))';

const claim = "max by (namespace, persistentvolumeclaim)";
const volume = (statistic: string) =>
  `${claim} (kubelet_volume_stats_${statistic}_bytes{namespace=~"$namespace"})`;

/** Of all Dask clusters; most of the time there is none. */
const ofDask = (name: string, matcher: string) =>
  `sum(dask_${name}{namespace=~"$namespace",${matcher}}) or vector(0)`;

export const cluster = (): Dashboard =>
  dashboard("cluster", {
    description: "Usage of the nodes, by namespace, pod and volume.",
    variables: [
      labelVariable("namespace", "Namespace", 'container_memory_working_set_bytes{namespace!=""}'),
    ],
    rows: [
      {
        title: "Nodes",
        tiles: [
          timeSeries({
            title: "Memory use",
            description:
              "Share of the memory of all nodes that is in use. Near 100 % the kernel kills processes: look below for the pod that grew, and raise its limit or add a node.",
            queries: { memory: memory },
            unit: "percent",
            max: 100,
            thresholds: [80, 90],
            legend: "none",
          }),
          timeSeries({
            title: "CPU use",
            description:
              "Share of all cores that is busy. Near 100 % everything slows down but nothing fails: look below for the pod that uses them, and lower its limit or add a node.",
            queries: { cpu: cpu },
            unit: "percent",
            max: 100,
            thresholds: [80, 95],
            legend: "none",
          }),
          timeSeries({
            title: "Filesystem use",
            description:
              "Share of the nodes' disks that is in use. Above 85 % the kubelet evicts pods and deletes images: remove old data or enlarge the disk.",
            queries: { disk: filesystem },
            unit: "percent",
            max: 100,
            thresholds: [75, 85],
            legend: "none",
          }),
          timeSeries({
            title: "Pods",
            description:
              "Running pods, and the maximum that the nodes allow. When the lines meet, new pods stay pending: add a node.",
            width: 12,
            queries: { running: runningPods, allocatable: allocatablePods },
            ...wholeNumbers,
          }),
          timeSeries({
            title: "Network",
            description:
              "Bytes per second that the nodes receive and send, without traffic between pods on the same node. A plateau is the limit of the machine's network.",
            width: 12,
            queries: { received: network("receive"), sent: network("transmit") },
            unit: "Bps",
          }),
        ],
      },
      {
        title: "Namespaces",
        tiles: [
          timeSeries({
            title: "CPU by namespace",
            description:
              "Cores that each namespace uses. Compare them with the nodes' number of cores.",
            width: 12,
            queries: { "{{namespace}}": `sum by (namespace) (${podCpu})` },
            unit: "short",
            isStacked: true,
          }),
          timeSeries({
            title: "Memory by namespace",
            description:
              "Memory of each namespace that the kernel cannot reclaim. Steady growth is a leak: find its pod below.",
            width: 12,
            queries: { "{{namespace}}": `sum by (namespace) (${podMemory})` },
            unit: "bytes",
            isStacked: true,
          }),
        ],
      },
      {
        title: "Pods and volumes",
        tiles: [
          timeSeries({
            title: "CPU by pod",
            description:
              "Cores that each of the ten busiest pods uses. A flat top is the pod's limit: raise it, or let the model server scale out with `autoscaling`.",
            width: 12,
            height: 10,
            queries: { "{{pod}}": `topk(10, ${podCpu})` },
            unit: "short",
            decimals: 3,
            legend: "table",
          }),
          timeSeries({
            title: "Memory by pod",
            description:
              "Memory of each of the ten largest pods. A pod that reaches its limit is killed and restarted, which the next panel counts.",
            width: 12,
            height: 10,
            queries: { "{{pod}}": `topk(10, ${podMemory})` },
            unit: "bytes",
            legend: "table",
          }),
          table({
            title: "Restarts in the last hour",
            description:
              "Container restarts by pod. If it is not 0, run `kubectl describe pod` and `kubectl logs --previous`.",
            queries: `sort_desc(${restarts})`,
            columns: [
              { field: "namespace", heading: "Namespace" },
              { field: "pod", heading: "Pod" },
              { field: "Value", heading: "Restarts" },
            ],
          }),
          timeSeries({
            title: "Volume use",
            description:
              "Share of each claim that is in use. Above 85 %, plan more space: a claim can grow if its storage class allows it, but never shrink.",
            queries: {
              "{{persistentvolumeclaim}}": `100 * ${volume("used")} / (${volume("used")} + ${volume("available")})`,
            },
            unit: "percent",
            max: 100,
            thresholds: [85, 97],
          }),
          stat({
            title: "Free space on volumes",
            description:
              "Free bytes on each claim. A database or Prometheus without free space stops.",
            height: 8,
            width: 8,
            queries: { "{{persistentvolumeclaim}}": volume("available") },
            unit: "bytes",
          }),
        ],
      },
      {
        title: "Dask clusters",
        tiles: [
          timeSeries({
            title: "Dask workers",
            description:
              "Workers of all Dask clusters, those of trainings and the shared one. A dip is a lost worker: see the runbook DaskWorkersLost. Paused workers are out of memory: see DaskWorkersPaused.",
            queries: {
              running: ofDask("scheduler_workers", 'state!="paused"'),
              paused: ofDask("scheduler_workers", 'state="paused"'),
            },
            ...wholeNumbers,
          }),
          timeSeries({
            title: "Dask tasks",
            description:
              "Tasks that workers process, and tasks that wait for a worker. If many wait, more workers shorten the training; if none waits, fewer are enough.",
            queries: {
              "with a worker": ofDask("scheduler_tasks", 'state="processing"'),
              waiting: ofDask("scheduler_tasks", 'state=~"queued|no-worker"'),
            },
            ...wholeNumbers,
          }),
          timeSeries({
            title: "Memory of Dask workers",
            description:
              "Memory of results (managed), memory of running tasks (unmanaged), and data spilled to disk. A worker spills to disk above 70 % of its limit and pauses at 80 %.",
            queries: Object.fromEntries(
              ["managed", "unmanaged", "spilled"].map((type) => [
                type,
                ofDask("worker_memory_bytes", `type="${type}"`),
              ]),
            ),
            unit: "bytes",
            isStacked: true,
          }),
        ],
      },
    ],
  });
