import type { Alert } from "./alertRule.ts";
import { butUnmonitored } from "./monitored.ts";

// Counted as in `df`: blocks reserved for root are neither used nor available.
const claim = (statistic: string) =>
  `max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_${statistic}_bytes)`;
const left = `${claim("available")} / (${claim("used")} + ${claim("available")})`;
const inFourDays =
  "max by (namespace, persistentvolumeclaim) (predict_linear(kubelet_volume_stats_available_bytes[6h], 4 * 24 * 3600))";

// node-exporter's form, or else the kubelet's; a disk that is mounted twice is one disk
const disk = (statistic: string) =>
  `max by (node, device) (node_filesystem_${statistic}_bytes{fstype!~"tmpfs|overlay|squashfs|iso9660"})`;
const kubeletDisk = (statistic: string) =>
  `max by (node, device) (container_fs_${statistic}_bytes{id="/",device=~"/dev/.+",device!~"/dev/(shm|loop.*)"})`;
const diskLeft = `(${disk("avail")} / (${disk("size")} - ${disk("free")} + ${disk("avail")})
or 1 - ${kubeletDisk("usage")} / ${kubeletDisk("limit")})`;

/** The names are those of kubernetes-mixin and node-mixin, so that their runbooks and dashboards fit. */
export const cluster: Alert[] = [
  {
    name: "KubePersistentVolumeFillingUp",
    severity: "critical",
    for: "1m",
    expr: `${left} < 0.03`,
    summary: "The volume {{ $labels.persistentvolumeclaim }} is full",
    description:
      "Only {{ $value | humanizePercentage }} of the claim {{ $labels.persistentvolumeclaim }} in {{ $labels.namespace }} is free. Writes fail once it is full.",
  },
  {
    name: "KubePersistentVolumeFillingUp",
    severity: "warning",
    for: "1h",
    expr: `${left} < 0.15 and ${inFourDays} < 0`,
    summary: "The volume {{ $labels.persistentvolumeclaim }} will be full within four days",
    description:
      "{{ $value | humanizePercentage }} of the claim {{ $labels.persistentvolumeclaim }} in {{ $labels.namespace }} is free, and at the rate of the last 6 hours it will be full within four days.",
  },
  {
    name: "NodeFilesystemAlmostOutOfSpace",
    severity: "warning",
    for: "15m",
    expr: `${diskLeft} < 0.1`,
    summary: "The disk {{ $labels.device }} of {{ $labels.node }} is almost full",
    description:
      "{{ $value | humanizePercentage }} of {{ $labels.device }} on the node {{ $labels.node }} is free. The kubelet evicts pods and deletes images before it is full.",
  },
  {
    name: "KubePodCrashLooping",
    severity: "warning",
    for: "5m",
    expr: `max by (namespace, pod, container) (max_over_time(kube_pod_container_status_waiting_reason{reason="CrashLoopBackOff"}[5m])) >= 1 ${butUnmonitored("pod", "pod")}`,
    summary: "The container {{ $labels.container }} of {{ $labels.pod }} keeps crashing",
    description:
      "The container {{ $labels.container }} of the pod {{ $labels.pod }} in {{ $labels.namespace }} keeps crashing, and Kubernetes backs off longer before each restart.",
  },
  {
    name: "KubePodNotReady",
    severity: "warning",
    for: "15m",
    expr: `sum by (namespace, pod) (kube_pod_status_phase{phase=~"Pending|Unknown"}) > 0 ${butUnmonitored("pod", "pod")}`,
    summary: "The pod {{ $labels.pod }} does not start",
    description:
      "The pod {{ $labels.pod }} in {{ $labels.namespace }} has been pending for 15 minutes: no node has room for it, its image cannot be pulled or its volume cannot be mounted.",
  },
  {
    name: "KubeJobFailed",
    severity: "warning",
    expr: `max by (namespace, job_name) (kube_job_failed{condition="true"}) > 0 ${butUnmonitored("job", "job_name")}`,
    for: "1m",
    summary: "The Job {{ $labels.job_name }} failed",
    description:
      "No pod of the Job {{ $labels.job_name }} in {{ $labels.namespace }} succeeded. After a failed training the served model does not change; a failed migration keeps MLflow from starting.",
  },
];
