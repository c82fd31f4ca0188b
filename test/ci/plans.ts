/** A resource of a made-up plan. */
export interface Planned {
  op?: string;
  type: string;
  name?: string;
  inputs?: object;
  /** Inputs before the update; the new ones by default. */
  was?: object;
  protect?: boolean;
  wasProtected?: boolean;
  parent?: string;
  custom?: boolean;
  because?: string[];
}

export const urn = (type: string, name: string): string =>
  `urn:pulumi:gke::mlops-platform::${type}::${name}`;

/** What `pulumi preview --json` prints for these resources. */
export function planOf(...resources: Planned[]): string {
  const steps = resources.map((resource) => {
    const { op = "create", type, name = "it", inputs = {}, was = inputs, because } = resource;
    const { protect = false, wasProtected = protect, parent, custom = true } = resource;
    const state = (given: object, isProtected: boolean) => ({
      urn: urn(type, name),
      type,
      custom,
      inputs: given,
      protect: isProtected,
      parent,
    });
    return {
      op,
      urn: urn(type, name),
      ...(op === "create" ? {} : { oldState: state(was, wasProtected) }),
      ...(op === "delete" ? {} : { newState: state(inputs, protect) }),
      replaceReasons: because,
    };
  });
  return JSON.stringify({ steps });
}

export const types = {
  bucket: "gcp:storage/bucket:Bucket",
  cluster: "gcp:container/cluster:Cluster",
  claim: "kubernetes:core/v1:PersistentVolumeClaim",
  database: "gcp:sql/databaseInstance:DatabaseInstance",
  deployment: "kubernetes:apps/v1:Deployment",
  pool: "gcp:container/nodePool:NodePool",
};

/** The platform's parts with a price, in their components. */
export const platform = (op: string, tier: string): Planned[] => {
  const store = urn("mlops:index:BucketArtifactStore", "mlops-bucket");
  const gke = urn("mlops:index:GkeCluster", "mlops-gke");
  const sql = urn("mlops:index:CloudSqlDatabase", "mlops-cloud-sql");
  const component = (type: string, name: string, inputs = {}) => ({
    op,
    type: `mlops:index:${type}`,
    name,
    inputs,
    custom: false,
  });
  return [
    { op, type: "pulumi:pulumi:Stack", name: "mlops-platform-gke", custom: false },
    component("BucketArtifactStore", "mlops-bucket", { expectedSizeGb: 100 }),
    {
      op,
      type: types.bucket,
      name: "mlops-bucket",
      parent: store,
      inputs: { location: "us-central1" },
    },
    component("GkeCluster", "mlops-gke"),
    { op, type: types.cluster, name: "mlops-gke", parent: gke },
    {
      op,
      type: types.pool,
      name: "mlops-gke-pool",
      parent: gke,
      inputs: {
        location: "us-central1-a",
        nodeCount: 1,
        nodeConfig: { machineType: "e2-standard-2" },
      },
    },
    component("CloudSqlDatabase", "mlops-cloud-sql"),
    {
      op: op === "same" ? "update" : op,
      type: types.database,
      name: "mlops-cloud-sql",
      parent: sql,
      inputs: { settings: { tier } },
      was: { settings: { tier: "db-f1-micro" } },
    },
    { op, type: types.deployment, name: "mlops-prediction-app" },
  ];
};
