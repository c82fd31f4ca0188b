/** Leaves out what has the label that `unmonitored` in kubernetes/metadata.ts gives to a model's pods. */
export const monitored = 'monitor!="false"';

/** The same for series of kube-state-metrics about the pods or the Jobs named by this label. */
export const butUnmonitored = (kind: "pod" | "job", name: string) =>
  `unless on (namespace, ${name}) kube_${kind}_labels{label_mlops_platform_monitor="false"}`;
