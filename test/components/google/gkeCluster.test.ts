import { parse } from "yaml";
import { GkeCluster, type GkeClusterArgs, GkeMode, GpuType } from "../../../components/index.ts";
import { describePreview, tree } from "../../support/cases.ts";
import { type Json, record } from "../../support/recorder.ts";
import { readable } from "../../support/wire.ts";

const make = (name: string, args: GkeClusterArgs) => new GkeCluster(name, args);
const base: GkeClusterArgs = {
  project: "my-project",
  location: "europe-west3-a",
  networkId: "network-id",
  subnetworkId: "subnet-id",
  podRangeName: "pods",
  serviceRangeName: "services",
};
const autopilot: GkeClusterArgs = { ...base, location: "europe-west3", mode: GkeMode.Autopilot };
const labels = { "part-of": "mlops-platform", "managed-by": "pulumi" };
const email = "gke-nodes@my-project.iam.gserviceaccount.com";
const scopes = ["https://www.googleapis.com/auth/cloud-platform"];
const identity = { serviceAccount: email, oauthScopes: scopes };
const shielded = { enableSecureBoot: true, enableIntegrityMonitoring: true };

/** What clusters of both modes have. */
const common = {
  project: "my-project",
  network: "network-id",
  subnetwork: "subnet-id",
  networkingMode: "VPC_NATIVE",
  ipAllocationPolicy: { clusterSecondaryRangeName: "pods", servicesSecondaryRangeName: "services" },
  privateClusterConfig: { enablePrivateNodes: true, enablePrivateEndpoint: false },
  releaseChannel: { channel: "REGULAR" },
  workloadIdentityConfig: { workloadPool: "my-project.svc.id.goog" },
  gatewayApiConfig: { channel: "CHANNEL_STANDARD" },
  deletionProtection: true,
  resourceLabels: labels,
};

// SECURITY.md: Nodes have no public address and a separate account that may write logs and
// metrics and read one image repository.
test("makes a private cluster with a separate pool, whose nodes have their own account", async () => {
  const { resources, find } = await record(() => make("gke", base));
  expect(tree(resources)).toEqual([
    "gcp:container/cluster:Cluster gke-cluster < gke",
    "gcp:container/nodePool:NodePool gke-pool < gke",
    "gcp:projects/iAMMember:IAMMember gke-nodes-role < gke",
    "gcp:serviceaccount/account:Account gke-nodes < gke",
    "mlops:index:GkeCluster gke",
  ]);
  expect(find("gke-nodes").inputs).toEqual({
    project: "my-project",
    accountId: "gke-nodes",
    displayName: "Nodes of gke",
  });
  expect(find("gke-nodes-role").inputs).toEqual({
    project: "my-project",
    role: "roles/container.defaultNodeServiceAccount",
    member: `serviceAccount:${email}`,
  });
  expect(find("gke-cluster").inputs).toEqual({
    ...common,
    location: "europe-west3-a",
    removeDefaultNodePool: true,
    initialNodeCount: 1,
    nodeConfig: {
      ...identity,
      shieldedInstanceConfig: shielded,
      diskType: "pd-standard",
      diskSizeGb: 30,
    },
    datapathProvider: "ADVANCED_DATAPATH",
    nodePoolDefaults: { nodeConfigDefaults: { insecureKubeletReadonlyPortEnabled: "FALSE" } },
    monitoringConfig: {
      enableComponents: ["SYSTEM_COMPONENTS"],
      managedPrometheus: { enabled: false },
    },
  });
  expect(find("gke-cluster").options).toEqual({
    dependsOn: ["gke-nodes"],
    protect: true,
    ignoreChanges: ["nodeConfig"],
  });
  expect(find("gke-pool").inputs).toEqual({
    project: "my-project",
    location: "europe-west3-a",
    cluster: "gke-cluster-1a2b3c",
    autoscaling: { minNodeCount: 1, maxNodeCount: 3, locationPolicy: "BALANCED" },
    initialNodeCount: 1,
    management: { autoRepair: true, autoUpgrade: true },
    upgradeSettings: { strategy: "SURGE", maxSurge: 1, maxUnavailable: 0 },
    nodeConfig: {
      ...identity,
      imageType: "COS_CONTAINERD",
      shieldedInstanceConfig: shielded,
      workloadMetadataConfig: { mode: "GKE_METADATA" },
      metadata: { "disable-legacy-endpoints": "true" },
      resourceLabels: labels,
      machineType: "e2-standard-2",
      diskSizeGb: 50,
      diskType: "pd-balanced",
      spot: false,
    },
  });
  expect(find("gke-pool").options).toEqual({
    dependsOn: ["gke-cluster", "gke-nodes", "gke-nodes-role"],
    ignoreChanges: ["initialNodeCount"],
  });
});

test("with Autopilot makes no pool: Google makes nodes, which run as the same account", async () => {
  const { resources, find } = await record(() => make("gke", autopilot));
  expect(tree(resources)).toEqual([
    "gcp:container/cluster:Cluster gke-cluster < gke",
    "gcp:projects/iAMMember:IAMMember gke-nodes-role < gke",
    "gcp:serviceaccount/account:Account gke-nodes < gke",
    "mlops:index:GkeCluster gke",
  ]);
  expect(find("gke-cluster").inputs).toEqual({
    ...common,
    location: "europe-west3",
    enableAutopilot: true,
    clusterAutoscaling: { autoProvisioningDefaults: identity },
    // further metrics of Google's are paid for by sample
    monitoringConfig: { enableComponents: ["SYSTEM_COMPONENTS"] },
  });
});

test("a GPU pool is empty, cheap and closed to pods that request no GPU", async () => {
  const { find } = await record(() => make("gke", { ...base, gpu: { type: GpuType.L4 } }));
  expect(find("gke-gpu").inputs).toMatchObject({
    autoscaling: { minNodeCount: 0, maxNodeCount: 1, locationPolicy: "ANY" },
    initialNodeCount: 0,
    upgradeSettings: { strategy: "SURGE", maxSurge: 0, maxUnavailable: 1 },
    nodeConfig: {
      machineType: "g2-standard-4",
      diskSizeGb: 100,
      spot: true,
      serviceAccount: email,
      taints: [{ key: "nvidia.com/gpu", value: "present", effect: "NO_SCHEDULE" }],
      guestAccelerators: [
        {
          type: "nvidia-l4",
          count: 1,
          gpuDriverInstallationConfig: { gpuDriverVersion: "DEFAULT" },
        },
      ],
    },
  });
  expect(find("gke-pool").inputs["nodeConfig"]).not.toHaveProperty("taints");
});

test.each([
  [{ type: GpuType.T4 }, "n1-standard-4", 1],
  [{ type: GpuType.L4, machineType: "g2-standard-48" }, "g2-standard-48", 4],
])("%j has the GPUs that its machine carries", async (gpu, machineType, count) => {
  const { find } = await record(() => make("gke", { ...base, gpu }));
  expect(find("gke-gpu").inputs["nodeConfig"]).toMatchObject({
    machineType,
    guestAccelerators: [{ type: gpu.type, count }],
  });
});

describe("paused", () => {
  const gpu = { type: GpuType.L4 };
  const recorded = (paused: boolean, args = base) =>
    record(() => make("gke", { ...args, gpu, paused }));
  const pools = ["gke-pool", "gke-gpu"];

  test("sets every pool to no nodes, in place, under the same URNs", async () => {
    const [running, paused] = [await recorded(false), await recorded(true)];
    expect(paused.resources.map(({ urn }) => urn)).toEqual(running.resources.map(({ urn }) => urn));
    for (const pool of pools) {
      const { autoscaling, initialNodeCount, ...rest } = running.find(pool).inputs;
      expect([autoscaling, initialNodeCount]).not.toContain(undefined);
      expect(paused.find(pool).inputs).toEqual({ ...rest, nodeCount: 0 });
    }
    expect(paused.find("gke-cluster").inputs).toEqual(running.find("gke-cluster").inputs);
  });

  test("costs less, and may have no nodes", async () => {
    const cost = async (args: GkeClusterArgs) =>
      (await record(() => make("gke", args))).find("gke").outputs!["monthlyCostUsd"] as number;
    expect(await cost({ ...base, paused: true, minNodes: 0 })).toBeLessThan(await cost(base));
    expect(await cost({ ...base, location: "europe-west3" })).toBeGreaterThan(await cost(base));
  });
});

test("outputs how to reach the cluster, without a credential and as a secret", async () => {
  const { find } = await record(() => make("gke", base));
  const { kubeconfig, ...outputs } = readable(find("gke").outputs!) as { [key: string]: Json };
  expect(outputs).toEqual({
    clusterName: "gke-cluster-1a2b3c",
    location: "europe-west3-a",
    endpoint: "198.51.100.9",
    privateEndpoint: "10.0.0.2",
    workloadPool: "my-project.svc.id.goog",
    nodeServiceAccount: email,
    monthlyCostUsd: expect.any(Number),
  });
  const text = /^secret:(.*)$/s.exec(kubeconfig as string)![1]!;
  // the name that gcloud gives the context
  const name = "gke_my-project_europe-west3-a_gke-cluster-1a2b3c";
  expect(parse(text)).toEqual({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    preferences: {},
    clusters: [
      { name, cluster: { "certificate-authority-data": "Y2E=", server: "https://198.51.100.9" } },
    ],
    contexts: [{ name, context: { cluster: name, user: name } }],
    users: [
      {
        name,
        user: {
          exec: {
            apiVersion: "client.authentication.k8s.io/v1beta1",
            command: "gke-gcloud-auth-plugin",
            installHint:
              "Install gke-gcloud-auth-plugin for use with kubectl by following https://cloud.google.com/kubernetes-engine/docs/how-to/cluster-access-for-kubectl#install_plugin",
            provideClusterInfo: true,
          },
        },
      },
    ],
  });
});

test("users of the kubeconfig wait for nodes, and identities wait only for the cluster", async () => {
  const { result } = await record(() => make("gke", base));
  expect(await sources(result.kubeconfig)).toContain("gke-pool");
  expect(await sources(result.workloadPool)).toEqual(["gke-cluster"]);
});

/** Logical names of the resources that an output comes from. */
async function sources(output: object): Promise<string[]> {
  const { allResources } = output as { allResources(): Promise<Set<{ __name: string }>> };
  return [...(await allResources.call(output))].map(({ __name }) => __name);
}

describePreview(make, "gke", { ...base, gpu: { type: GpuType.L4 } }, (unknown) => ({
  project: unknown,
  networkId: unknown,
  subnetworkId: unknown,
  podRangeName: unknown,
  serviceRangeName: unknown,
  labels: { team: unknown },
}));
