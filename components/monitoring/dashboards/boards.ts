/** Carried by every dashboard of ours. */
export const tag = "mlops-platform";

/** Every dashboard, by the name of its file. The uid is part of its address. */
export const boards = {
  home: { uid: "mlops-home", title: "Home" },
  models: { uid: "mlops-models", title: "Models" },
  tracking: { uid: "mlops-tracking", title: "Tracking" },
  frontEnd: { uid: "mlops-front-end", title: "Front end" },
  cluster: { uid: "mlops-cluster", title: "Cluster" },
} as const;

export type BoardName = keyof typeof boards;
