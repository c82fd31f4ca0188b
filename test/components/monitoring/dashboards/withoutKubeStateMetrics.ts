/** Queries that have no data where kube-state-metrics does not run, as with the stand-in charts, and why. */
export const withoutKubeStateMetrics = [
  {
    dashboard: "Cluster",
    panel: "Pods",
    refId: "B",
    reason: "the kubelet counts the pods that run but does not say how many the node allows",
  },
  {
    dashboard: "Cluster",
    panel: "Restarts in the last hour",
    refId: "A",
    reason: "the kubelet counts starts by node; which pod they belong to only the API server knows",
  },
] as const;
