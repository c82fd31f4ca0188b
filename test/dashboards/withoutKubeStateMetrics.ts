/** Queries that have no data where kube-state-metrics does not run, as with the stand-in charts, and why. */
export const withoutKubeStateMetrics = [
  {
    dashboard: "Cluster",
    panel: "Pods",
    refId: "B",
    reason: "the kubelet counts the pods that run but does not say how many the node allows",
  },
] as const;
