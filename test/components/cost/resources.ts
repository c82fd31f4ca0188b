import { type BillableResource, monthlyCosts } from "../../../components/cost/index.ts";

/*
 * The expected figures of these tests are worked out by hand from the unit prices of Google's pages, not from the
 * table: a wrong figure in the table, or a price that is multiplied twice, shows.
 */
export const HOURS = 730;

export const resource = (type: string, inputs: object = {}, name = "it"): BillableResource => ({
  type,
  name,
  inputs: inputs as BillableResource["inputs"],
});
export const sql = (settings: object, name?: string) =>
  resource("gcp:sql/databaseInstance:DatabaseInstance", { settings }, name);
export const pool = (inputs: object, name?: string) =>
  resource("gcp:container/nodePool:NodePool", inputs, name);
export const cluster = (inputs: object = {}) =>
  resource("gcp:container/cluster:Cluster", inputs, "cluster");
export const bucket = (inputs: object = {}) =>
  resource("gcp:storage/bucket:Bucket", inputs, "bucket");
export const claim = (storage: unknown) =>
  resource("kubernetes:core/v1:PersistentVolumeClaim", {
    spec: { resources: { requests: { storage } } },
  });
export const gateway = resource(
  "kubernetes:gateway.networking.k8s.io/v1:Gateway",
  {
    spec: {
      gatewayClassName: "gke-l7-global-external-managed",
      listeners: [{ port: 443 }, { port: 443 }],
    },
  },
  "gateway",
);
export const container = (cpu?: string, memory?: string, more: object = {}) => ({
  ...(cpu === undefined ? {} : { resources: { requests: { cpu, memory } } }),
  ...more,
});
export const workload = (
  containers: object[],
  spec: object = {},
  type = "Deployment",
  pod: object = {},
) =>
  resource(`kubernetes:apps/v1:${type}`, {
    metadata: { name: "server" },
    spec: { ...spec, template: { spec: { containers, ...pod } } },
  });
export const lines = (...resources: BillableResource[]) =>
  monthlyCosts(resources).map(({ item, monthlyUsd }) => `${item}: ${monthlyUsd.toFixed(2)}`);
