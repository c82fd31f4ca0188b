/** Settings without which nothing is made on Google Cloud. */
export const google = { gcpProject: "mlops-test", gcpRegion: "europe-west1" };

/** No port of a node is open, as a cluster on Google Cloud wants it. */
export const noNodePorts = {
  trackingNodePort: 0,
  models: { "diabetes-progression": { nodePort: 0 } },
  predictionNodePort: 0,
  grafanaNodePort: 0,
};
