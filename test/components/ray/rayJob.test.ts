import { RayJob, type RayJobArgs } from "../../../components/index.ts";
import { describeArguments, describePreview, describeRefusals, tree } from "../../support/cases.ts";
import { record } from "../../support/recorder.ts";
import { expectFits, fitting } from "./kubeRay.ts";
import { rayBase, rayRows } from "./rayRows.ts";

const make = (name: string, args: RayJobArgs) => new RayJob(name, args);
const base: RayJobArgs = { ...rayBase, entrypoint: "python /app/train.py" };
const cluster = "spec.rayClusterSpec";

test("makes a job with a cluster that is gone when it ends", async () => {
  const { resources, find } = await record(() => make("ray", base));
  expect(tree(resources)).toEqual([
    "kubernetes:core/v1:Secret ray-tracking-credentials < ray",
    "kubernetes:core/v1:ServiceAccount ray-account < ray",
    "kubernetes:networking.k8s.io/v1:NetworkPolicy ray-pods < ray",
    "kubernetes:ray.io/v1:RayJob ray-job < ray",
    "mlops:index:RayJob ray",
  ]);
  expect(find("ray-job").inputs["spec"]).toMatchObject({ shutdownAfterJobFinishes: true });
});

fitting("fits KubeRay's definition, and Pod Security", async () => {
  const { find } = await record(() => make("ray", base));
  expectFits("rayjobs", find("ray-job").inputs);
});

describeArguments(make, "ray", base, {
  ...rayRows("ray-job", {
    cluster,
    pods: [
      [`${cluster}.headGroupSpec.template`, "ray-head"],
      [`${cluster}.workerGroupSpecs[0].template`, "ray-worker"],
      ["spec.submitterPodTemplate", "ray-job-submitter"],
    ],
  }),
  entrypoint: {
    value: "python other.py",
    changes: ["ray-job spec.entrypoint: python /app/train.py → python other.py"],
  },
  backoffLimit: { value: 2, changes: ["ray-job spec.backoffLimit: 0 → 2"] },
  deadlineSeconds: { value: 600, changes: ["ray-job spec.activeDeadlineSeconds: 3600 → 600"] },
});

const subject = 'RayJob "ray"';
describeRefusals(make, "ray", base, [
  [{ backoffLimit: 21 }, `${subject}: backoffLimit must be a whole number from 0 to 20`],
  [{ deadlineSeconds: 5 }, `${subject}: deadlineSeconds must be a whole number from 60 to 604800`],
]);

describePreview(make, "ray", base, (unknown) => ({ namespace: unknown, entrypoint: unknown }));
