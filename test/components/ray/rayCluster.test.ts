import { RayCluster, type RayClusterArgs } from "../../../components/index.ts";
import { describeArguments, describePreview, describeRefusals, tree } from "../../support/cases.ts";
import { at } from "../../support/podSecurity.ts";
import { record } from "../../support/recorder.ts";
import { expectFits, fitting } from "./kubeRay.ts";
import { rayBase, rayRows } from "./rayRows.ts";

const make = (name: string, args: RayClusterArgs) => new RayCluster(name, args);
const rows = rayRows("ray-cluster", {
  cluster: "spec",
  pods: [
    ["spec.headGroupSpec.template", "ray-head"],
    ["spec.workerGroupSpecs[0].template", "ray-worker"],
  ],
});

test("makes a cluster, its identity and login, and opens its ports only to itself and the operator", async () => {
  const { resources, find } = await record(() => make("ray", rayBase));
  expect(tree(resources)).toEqual([
    "kubernetes:core/v1:Secret ray-tracking-credentials < ray",
    "kubernetes:core/v1:ServiceAccount ray-account < ray",
    "kubernetes:networking.k8s.io/v1:NetworkPolicy ray-pods < ray",
    "kubernetes:ray.io/v1:RayCluster ray-cluster < ray",
    "mlops:index:RayCluster ray",
  ]);
  const own = { "app.kubernetes.io/name": "ray", "app.kubernetes.io/instance": "ray" };
  expect(at(find("ray-pods").inputs, "spec")).toMatchObject({
    podSelector: { matchLabels: own },
    policyTypes: ["Ingress"],
    ingress: [
      { from: [{ podSelector: { matchLabels: own } }] },
      { ports: [{ protocol: "TCP", port: 8265 }] },
    ],
  });
});

test("without workers the head does their work", async () => {
  const { find } = await record(() => make("ray", { ...rayBase, workers: 0 }));
  const spec = at(find("ray-cluster").inputs, "spec");
  expect(spec).not.toHaveProperty("workerGroupSpecs");
  expect(at(spec, "headGroupSpec", "rayStartParams")).toEqual({});
});

fitting("fits KubeRay's definition, and Pod Security", async () => {
  const gpu = { count: 2 };
  const { find } = await record(() => make("ray", { ...rayBase, gpu }));
  expectFits("rayclusters", find("ray-cluster").inputs);
});

describeArguments(make, "ray", rayBase, {
  ...rows,
  namespace: {
    value: "team",
    changes: [
      ...rows.namespace.changes,
      "ray outputs.dashboardUrl: http://ray-head-svc.ml.svc.cluster.local:8265 → http://ray-head-svc.team.svc.cluster.local:8265",
      "ray outputs.headAddress: ray://ray-head-svc.ml.svc.cluster.local:10001 → ray://ray-head-svc.team.svc.cluster.local:10001",
    ],
  },
});

const subject = 'RayCluster "ray"';
describeRefusals(make, "ray", rayBase, [
  [{ rayVersion: "latest" }, `${subject}: rayVersion must be a version such as 2.52.0`],
  [{ workers: -1 }, `${subject}: workers must be a whole number from 0 to 1000`],
  [{ gpu: { count: 9 } }, `${subject}: gpu.count must be a whole number from 1 to 8`],
]);

describePreview(make, "ray", rayBase, (unknown) => ({
  namespace: unknown,
  image: unknown,
  trackingUri: unknown,
  trackingUsername: unknown,
  trackingPassword: unknown,
}));
