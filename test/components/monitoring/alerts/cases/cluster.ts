import type { AlertCases } from "./case.ts";

const claim = 'namespace="mlops",node="n1",persistentvolumeclaim="postgres-data"';
const ofClaim = { namespace: "mlops", persistentvolumeclaim: "postgres-data" };
/** A claim of 1100 bytes, 100 of which only root may fill. */
const space = (left: number, lost = 0) => ({
  [`kubelet_volume_stats_available_bytes{${claim}}`]: `${left}-${lost}x500`,
  [`kubelet_volume_stats_used_bytes{${claim}}`]: `${1000 - left}+${lost}x500`,
  [`kubelet_volume_stats_capacity_bytes{${claim}}`]: "1100x500",
});

/** A disk of 120 bytes, 20 of which only root may fill. */
const nodeDisk = (device: string, fstype: string, left: number, mountpoint = "/") => {
  const labels = `{device="${device}",fstype="${fstype}",instance="10.0.0.1:9100",mountpoint="${mountpoint}",node="n1"}`;
  return {
    [`node_filesystem_avail_bytes${labels}`]: `${left}x80`,
    [`node_filesystem_free_bytes${labels}`]: `${left + 20}x80`,
    [`node_filesystem_size_bytes${labels}`]: "120x80",
  };
};
const kubeletDisk = (device: string) => `{device="${device}",id="/",instance="n1",node="n1"}`;

const container = 'namespace="mlops",pod="mlflow-1",container="mlflow"';
const crashLooping = {
  labels: { severity: "warning", namespace: "mlops", pod: "mlflow-1", container: "mlflow" },
  summary: "The container mlflow of mlflow-1 keeps crashing",
  description:
    "The container mlflow of the pod mlflow-1 in mlops keeps crashing, and Kubernetes backs off longer before each restart.",
};
const diskFull = {
  labels: { severity: "warning", node: "n1", device: "/dev/sda1" },
  summary: "The disk /dev/sda1 of n1 is almost full",
  description:
    "8% of /dev/sda1 on the node n1 is free. The kubelet evicts pods and deletes images before it is full.",
};

const labelsOf = (kind: "pod" | "job", labels: string) =>
  `kube_${kind}_labels{${labels},label_mlops_platform_monitor="false"}`;

export const cluster: AlertCases = {
  KubePersistentVolumeFillingUp: [
    {
      when: "almost nothing is left",
      series: space(20),
      quiet: ["45s"],
      fires: {
        "1m": [
          {
            labels: { severity: "critical", ...ofClaim },
            summary: "The volume postgres-data is full",
            description:
              "Only 2% of the claim postgres-data in mlops is free. Writes fail once it is full.",
          },
        ],
      },
    },
    {
      when: "a tenth is left and shrinks",
      interval: "1m",
      series: space(148, 0.04),
      quiet: ["45m"],
      fires: {
        "70m": [
          {
            labels: { severity: "warning", ...ofClaim },
            summary: "The volume postgres-data will be full within four days",
            description:
              "14.52% of the claim postgres-data in mlops is free, and at the rate of the last 6 hours it will be full within four days.",
          },
        ],
      },
    },
    {
      when: "four in a hundred are left, and stay",
      interval: "1m",
      series: space(40),
      quiet: ["5m", "8h"],
    },
    {
      when: "it shrinks to less than a fifth, and will be full within days",
      interval: "1m",
      series: space(200, 0.04),
      quiet: ["8h"],
    },
    {
      when: "a tenth is left and stays",
      interval: "1m",
      series: space(100),
      quiet: ["1m", "8h"],
    },
    {
      when: "it shrinks fast with much left",
      interval: "1m",
      series: space(900, 0.4),
      quiet: ["8h"],
    },
  ],
  NodeFilesystemAlmostOutOfSpace: [
    {
      when: "a disk fills, by node-exporter",
      series: {
        ...nodeDisk("/dev/sda1", "ext4", 8),
        ...nodeDisk("/dev/sda1", "ext4", 8, "/data"),
        [`container_fs_usage_bytes${kubeletDisk("/dev/sda1")}`]: "93x80",
        [`container_fs_limit_bytes${kubeletDisk("/dev/sda1")}`]: "100x80",
      },
      quiet: ["14m45s"],
      fires: { "15m": [diskFull] },
    },
    {
      when: "a disk fills, by the kubelet",
      series: {
        [`container_fs_usage_bytes${kubeletDisk("/dev/sda1")}`]: "92x80",
        [`container_fs_limit_bytes${kubeletDisk("/dev/sda1")}`]: "100x80",
      },
      quiet: ["14m45s"],
      fires: { "15m": [diskFull] },
    },
    {
      when: "only file systems that are not disks are full, and node-exporter sees space that the kubelet does not",
      series: {
        ...nodeDisk("tmpfs", "tmpfs", 0, "/run"),
        ...nodeDisk("/dev/sda1", "ext4", 11),
        [`container_fs_usage_bytes${kubeletDisk("/dev/sda1")}`]: "95x80",
        [`container_fs_limit_bytes${kubeletDisk("/dev/sda1")}`]: "100x80",
        [`container_fs_usage_bytes${kubeletDisk("/dev/loop3")}`]: "100x80",
        [`container_fs_limit_bytes${kubeletDisk("/dev/loop3")}`]: "100x80",
        [`container_fs_usage_bytes${kubeletDisk("/run")}`]: "100x80",
        [`container_fs_limit_bytes${kubeletDisk("/run")}`]: "100x80",
      },
      quiet: ["15m", "20m"],
    },
  ],
  KubePodCrashLooping: [
    {
      when: "kube-state-metrics sees the container wait, now and then",
      series: {
        [`kube_pod_container_status_waiting_reason{${container},reason="CrashLoopBackOff",uid="u"}`]:
          "1x10 _x10 1x10 _x10 1x60",
      },
      quiet: ["4m45s"],
      fires: { "6m": [crashLooping], "12m": [crashLooping] },
    },
    {
      when: "the container pulls its image, or waited once",
      series: {
        [`kube_pod_container_status_waiting_reason{${container},reason="ContainerCreating",uid="u"}`]:
          "1x80",
        [`kube_pod_container_status_waiting_reason{${container},reason="CrashLoopBackOff",uid="u"}`]:
          "_x8 1x2 _x80",
      },
      quiet: ["6m", "12m", "20m"],
    },
    {
      when: "the pod is of a model that is not monitored",
      series: {
        [`kube_pod_container_status_waiting_reason{${container},reason="CrashLoopBackOff",uid="u"}`]:
          "1x80",
        [labelsOf("pod", container)]: "1x80",
      },
      quiet: ["6m", "12m", "20m"],
    },
  ],
  KubePodNotReady: [
    {
      when: "a pod stays pending",
      series: {
        'kube_pod_status_phase{namespace="mlops",pod="training-1",phase="Pending",uid="u"}': "1x80",
        'kube_pod_status_phase{namespace="mlops",pod="training-1",phase="Running",uid="u"}': "0x80",
      },
      quiet: ["14m45s"],
      fires: {
        "15m": [
          {
            labels: { severity: "warning", namespace: "mlops", pod: "training-1" },
            summary: "The pod training-1 does not start",
            description:
              "The pod training-1 in mlops has been pending for 15 minutes: no node has room for it, its image cannot be pulled or its volume cannot be mounted.",
          },
        ],
      },
    },
    {
      when: "pods run or are done",
      series: {
        'kube_pod_status_phase{namespace="mlops",pod="a",phase="Pending",uid="u"}': "0x80",
        'kube_pod_status_phase{namespace="mlops",pod="a",phase="Running",uid="u"}': "1x80",
        'kube_pod_status_phase{namespace="mlops",pod="b",phase="Succeeded",uid="u"}': "1x80",
      },
      quiet: ["15m", "20m"],
    },
    {
      when: "the pending pod is of a model that is not monitored",
      series: {
        'kube_pod_status_phase{namespace="mlops",pod="a",phase="Pending",uid="u"}': "1x80",
        [labelsOf("pod", 'namespace="mlops",pod="a"')]: "1x80",
      },
      quiet: ["15m", "20m"],
    },
  ],
  KubeJobFailed: [
    {
      when: "a Job gives up",
      series: {
        'kube_job_failed{namespace="mlops",job_name="training-1",condition="true"}': "_x4 1x60",
        'kube_job_failed{namespace="mlops",job_name="training-1",condition="false"}': "_x4 0x60",
      },
      quiet: ["1m45s"],
      fires: {
        "2m30s": [
          {
            labels: { severity: "warning", namespace: "mlops", job_name: "training-1" },
            summary: "The Job training-1 failed",
            description:
              "No pod of the Job training-1 in mlops succeeded. After a failed training the served model does not change; a failed migration keeps MLflow from starting.",
          },
        ],
      },
    },
    {
      when: "a Job has not failed",
      series: {
        'kube_job_failed{namespace="mlops",job_name="training-1",condition="true"}': "0x60",
        'kube_job_failed{namespace="mlops",job_name="training-1",condition="false"}': "1x60",
      },
      quiet: ["5m"],
    },
    {
      when: "the failed Job trains a model that is not monitored",
      series: {
        'kube_job_failed{namespace="mlops",job_name="training-1",condition="true"}': "1x60",
        [labelsOf("job", 'namespace="mlops",job_name="training-1"')]: "1x60",
      },
      quiet: ["5m"],
    },
  ],
};
