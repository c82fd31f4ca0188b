/** Settings without which nothing is made on Google Cloud. */
export const google = { gcpProject: "mlops-test", gcpRegion: "europe-west1" };

/** No port of a node is open, as a cluster on Google Cloud wants it. */
export const noNodePorts = {
  trackingNodePort: 0,
  models: { "diabetes-progression": { nodePort: 0 } },
  predictionNodePort: 0,
  grafanaNodePort: 0,
};

/** The two choices of a stack, where its pods run and where its data lives, in all four combinations. */
export const combinations = {
  "current, cluster": {},
  "current, gcp": { ...google, dataStores: "gcp" },
  "gke, cluster": { ...google, ...noNodePorts, cluster: "gke" },
  "gke, gcp": { ...google, ...noNodePorts, cluster: "gke", dataStores: "gcp" },
} satisfies Record<string, Record<string, unknown>>;
export type Combination = keyof typeof combinations;
