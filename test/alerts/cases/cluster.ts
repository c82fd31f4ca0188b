import type { AlertCases } from "./case.ts";

const claim = 'namespace="mlops",node="n1",persistentvolumeclaim="postgres-data"';
const ofClaim = { namespace: "mlops", persistentvolumeclaim: "postgres-data" };
const available = `kubelet_volume_stats_available_bytes{${claim}}`;
const capacity = { [`kubelet_volume_stats_capacity_bytes{${claim}}`]: "1000x500" };

const disk = (device: string, fstype: string, mountpoint = "/") =>
  `{device="${device}",fstype="${fstype}",instance="10.0.0.1:9100",mountpoint="${mountpoint}",node="n1"}`;
const kubeletDisk = (device: string) => `{device="${device}",id="/",instance="n1",node="n1"}`;

const container = 'namespace="mlops",pod="mlflow-1",container="mlflow"';
const start = (id: number) =>
  `container_start_time_seconds{${container},id="/kubepods/${id}",node="n1"}`;
const crashLooping = {
  labels: { severity: "warning", namespace: "mlops", pod: "mlflow-1", container: "mlflow" },
  summary: "The container mlflow of mlflow-1 ends again and again",
  description:
    "Kubernetes starts the container mlflow of the pod mlflow-1 in mlops again, with growing pauses, because it ends each time.",
};
const diskFull = {
  labels: { severity: "warning", node: "n1", device: "/dev/sda1" },
  summary: "The disk /dev/sda1 of n1 is almost full",
  description:
    "8% of /dev/sda1 on the node n1 is left. The kubelet evicts pods and deletes images before it is full.",
};

export const cluster: AlertCases = {
  KubePersistentVolumeFillingUp: [
    {
      when: "next to nothing is left",
      series: { ...capacity, [available]: "20x40" },
      quiet: ["45s"],
      fires: {
        "1m": [
          {
            labels: { severity: "critical", ...ofClaim },
            summary: "The volume postgres-data is full",
            description:
              "Only 2% of the claim postgres-data in mlops is left. What writes to it stops when nothing is.",
          },
        ],
      },
    },
    {
      when: "a tenth is left and shrinks",
      interval: "1m",
      series: { ...capacity, [available]: "148-0.04x500" },
      quiet: ["45m"],
      fires: {
        "70m": [
          {
            labels: { severity: "warning", ...ofClaim },
            summary: "The volume postgres-data will be full within four days",
            description:
              "14.52% of the claim postgres-data in mlops is left, and it fills as fast as in the last 6 hours.",
          },
        ],
      },
    },
    {
      when: "four in a hundred are left, and stay",
      interval: "1m",
      series: { ...capacity, [available]: "40x500" },
      quiet: ["5m", "8h"],
    },
    {
      when: "it shrinks to less than a fifth, and will be full within days",
      interval: "1m",
      series: { ...capacity, [available]: "200-0.04x500" },
      quiet: ["8h"],
    },
    {
      when: "a tenth is left and stays",
      interval: "1m",
      series: { ...capacity, [available]: "100x500" },
      quiet: ["1m", "8h"],
    },
    {
      when: "it shrinks fast with much left",
      interval: "1m",
      series: { ...capacity, [available]: "900-0.4x500" },
      quiet: ["8h"],
    },
  ],
  NodeFilesystemAlmostOutOfSpace: [
    {
      when: "a disk fills, by node-exporter",
      series: {
        [`node_filesystem_avail_bytes${disk("/dev/sda1", "ext4")}`]: "8x80",
        [`node_filesystem_size_bytes${disk("/dev/sda1", "ext4")}`]: "100x80",
        [`node_filesystem_avail_bytes${disk("/dev/sda1", "ext4", "/data")}`]: "8x80",
        [`node_filesystem_size_bytes${disk("/dev/sda1", "ext4", "/data")}`]: "100x80",
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
      when: "only what is no disk is full, and node-exporter sees space that the kubelet does not",
      series: {
        [`node_filesystem_avail_bytes${disk("tmpfs", "tmpfs", "/run")}`]: "0x80",
        [`node_filesystem_size_bytes${disk("tmpfs", "tmpfs", "/run")}`]: "100x80",
        [`node_filesystem_avail_bytes${disk("/dev/sda1", "ext4")}`]: "11x80",
        [`node_filesystem_size_bytes${disk("/dev/sda1", "ext4")}`]: "100x80",
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
      when: "there is no kube-state-metrics and the container starts for the fourth time",
      series: {
        [start(1)]: "1x4 stale",
        [start(2)]: "_x6 2x4 stale",
        [start(3)]: "_x14 3x4 stale",
        [start(4)]: "_x22 4x60",
      },
      quiet: ["5m", "10m"],
      fires: { "12m": [crashLooping] },
    },
    {
      when: "the container was started again twice and pulls its image",
      series: {
        [start(1)]: "1x4 stale",
        [start(2)]: "_x6 2x4 stale",
        [start(3)]: "_x14 3x80",
        // groups of the pod itself
        ...Object.fromEntries(
          ["a", "b", "c", "d"].map((id) => [
            `container_start_time_seconds{namespace="mlops",pod="mlflow-1",id="${id}",node="n1"}`,
            "1x80",
          ]),
        ),
        [`kube_pod_container_status_waiting_reason{${container},reason="ContainerCreating",uid="u"}`]:
          "1x80",
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
              "No pod of the Job training-1 in mlops succeeded. A failed training leaves the model as it is, a failed migration keeps MLflow from starting.",
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
  ],
};
