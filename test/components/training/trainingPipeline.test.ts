import { GpuType, TrainingPipeline, type TrainingPipelineArgs } from "../../../components/index.ts";
import { describeArguments, describePreview, describeRefusals, tree } from "../../support/cases.ts";
import { at, list } from "../../support/podSecurity.ts";
import { record } from "../../support/recorder.ts";
import { gpuChanges, trainingBase, trainingRows, unknownInputs } from "./trainingRows.ts";

const make = (name: string, args: TrainingPipelineArgs) => new TrainingPipeline(name, args);
const prepare = { name: "prepare", command: ["python", "prepare.py"] };
const train = { name: "train", command: ["python", "train.py"] };
const base: TrainingPipelineArgs = {
  ...trainingBase,
  steps: [prepare, train],
};

const podOf = async (args: Partial<TrainingPipelineArgs>) => {
  const { find } = await record(() => make("train", { ...base, ...args }));
  return at(find("train-job").inputs, "spec", "template", "spec");
};

/** What a container says to `python -m training.pipeline`. */
const told = (container: { [key: string]: unknown }) => {
  const env = container["env"] as { name: string; value: string }[];
  return JSON.parse(env.find(({ name }) => name === "PIPELINE_STEP")!.value) as unknown;
};

test("makes one Job whose steps run one after the other, so that only the failed one is retried", async () => {
  const { resources } = await record(() => make("train", base));
  expect(tree(resources)).toEqual([
    "kubernetes:batch/v1:Job train-job < train",
    "kubernetes:core/v1:Secret train-tracking-credentials < train",
    "kubernetes:core/v1:ServiceAccount train-account < train",
    "mlops:index:TrainingPipeline train",
  ]);
  const last = { name: "promote", command: ["./promote"] };
  const pod = await podOf({ steps: [prepare, train, last] });
  expect(pod).toMatchObject({ restartPolicy: "OnFailure" });
  expect(list(at(pod, "initContainers")).map(({ name }) => name)).toEqual(["prepare", "train"]);
  expect(list(at(pod, "containers"))).toMatchObject([
    { name: "promote", command: ["python", "-m", "training.pipeline", "./promote"] },
  ]);
});

test("a step's cluster is made of further pods of the Job, which ends with the pipeline's own", async () => {
  const steps = [
    prepare,
    { ...train, cluster: { workers: 2, threads: 3 } },
    { name: "check", command: ["./check"] },
    { name: "tune", command: ["./tune"], cluster: { workers: 4, threads: 3 } },
  ];
  const { find } = await record(() => make("train", { ...base, steps, backoffLimit: 5 }));
  const spec = at(find("train-job").inputs, "spec");
  expect(spec).toMatchObject({
    completionMode: "Indexed",
    completions: 5,
    parallelism: 5,
    successPolicy: { rules: [{ succeededIndexes: "0" }] },
    backoffLimit: 5,
  });
  // Kubernetes refuses it with containers that are started again
  expect(spec).not.toHaveProperty("backoffLimitPerIndex");
  const pod = at(spec, "template", "spec");
  expect(pod).toMatchObject({ restartPolicy: "OnFailure", subdomain: "train" });
  const containers = [...list(at(pod, "initContainers")), ...list(at(pod, "containers"))];
  const workers = containers.map(({ env }) =>
    list(env)
      .filter(({ name }) => name === "CLUSTER_WORKERS" || name === "CLUSTER_THREADS")
      .map(({ value }) => value),
  );
  expect(workers).toEqual([[], ["4", "3"], [], ["4", "3"]]);
  expect(told(containers[1]!)).not.toHaveProperty("cluster");
  expect(containers.map(({ ports }) => ports)).toEqual([
    undefined,
    undefined,
    undefined,
    [{ name: "metrics", containerPort: 9464 }],
  ]);
});

test("a pipeline of one step is a pod with one container", async () => {
  const pod = await podOf({ steps: [train] });
  expect(pod).not.toHaveProperty("initContainers");
  expect(list(at(pod, "containers"))).toHaveLength(1);
});

test("all steps have the same folder, and one for temporary files", async () => {
  const pod = await podOf({});
  const mounts = [...list(at(pod, "initContainers")), ...list(at(pod, "containers"))].map(
    ({ volumeMounts }) => list(volumeMounts).map(({ mountPath }) => mountPath),
  );
  expect(mounts).toEqual([
    ["/tmp", "/workspace"],
    ["/tmp", "/workspace"],
  ]);
});

test("a step has its image, parameters, time and resources, and otherwise those of the pipeline", async () => {
  const own = {
    image: "registry/mine:7",
    parameters: { rows: "100" },
    timeoutSeconds: 60,
    cache: false,
    resources: { memoryLimit: "8Gi" },
    gpu: { type: GpuType.L4, count: 2 },
  };
  const resources = { cpuLimit: "4" };
  const pod = await podOf({ steps: [{ ...prepare, ...own }, train], resources });
  const [first] = list(at(pod, "initContainers"));
  const [second] = list(at(pod, "containers"));
  const { image, parameters, timeoutSeconds, cache } = own;
  const asGiven = { image, parameters, timeoutSeconds, cache };
  expect(told(first!)).toEqual({ name: "prepare", last: false, ...asGiven });
  expect(told(second!)).toEqual({ name: "train", image: base.image, last: true });
  expect(first).toMatchObject({
    image,
    resources: { limits: { cpu: "4", memory: "8Gi", "nvidia.com/gpu": "2" } },
  });
  expect(second).toMatchObject({ resources: { limits: { cpu: "4", memory: "2Gi" } } });
  expect(at(pod, "nodeSelector")).toEqual({ "cloud.google.com/gke-accelerator": "nvidia-l4" });
});

test("with a schedule makes a CronJob that never overlaps itself", async () => {
  const { find } = await record(() => make("train", { ...base, schedule: "0 3 * * *" }));
  expect(at(find("train-schedule").inputs, "spec")).toMatchObject({
    schedule: "0 3 * * *",
    concurrencyPolicy: "Forbid",
  });
});

const single: TrainingPipelineArgs = { ...base, steps: [train] };
const container = "train-job spec.template.spec.containers[train]";

describeArguments(make, "train", single, {
  ...trainingRows("train"),
  image: {
    value: "registry/serving:2",
    changes: [
      `${container}.image: registry/serving:1 → registry/serving:2`,
      `${container}.env[PIPELINE_STEP].value: -"image":"registry/serving:1" +"image":"registry/serving:2"`,
    ],
  },
  steps: {
    value: [{ ...train, command: ["python", "mine.py"] }],
    changes: [`${container}.command[4]: train.py → mine.py`],
  },
  storageSize: {
    value: "8Gi",
    changes: [
      `${container}.resources.requests.ephemeral-storage: 2Gi → 8Gi`,
      "train-job spec.template.spec.volumes[workspace].emptyDir.sizeLimit: 2Gi → 8Gi",
    ],
  },
  gpu: {
    value: {},
    changes: gpuChanges("train"),
  },
});

const subject = 'TrainingPipeline "train"';
describeRefusals(make, "train", base, [
  [{ steps: [] }, `${subject}: steps must not be empty`],
  [
    { steps: [prepare, train, prepare] },
    `${subject}: steps[2].name must differ from steps[0].name; name each step once`,
  ],
  [{ steps: [{ name: "train", command: [] }] }, `${subject}: steps[0].command must not be empty`],
  [
    { steps: [{ ...train, name: "Train it" }] },
    `${subject}: steps[0].name must be a DNS label such as prepare: lower-case letters, digits and dashes, a letter first`,
  ],
  [
    { steps: [{ ...train, timeoutSeconds: 0 }] },
    `${subject}: steps[0].timeoutSeconds must be a whole number from 1 to 604800`,
  ],
  [
    {
      steps: [
        { ...prepare, gpu: { type: GpuType.L4 } },
        { ...train, gpu: { type: GpuType.T4 } },
      ],
    },
    `${subject}: steps[1].gpu.type must be nvidia-l4 like the steps before it, because all steps run in one pod`,
  ],
  [
    { steps: [{ ...train, cluster: { workers: 0 } }] },
    `${subject}: steps[0].cluster.workers must be a whole number from 1 to 99`,
  ],
  [
    {
      steps: [
        { ...prepare, cluster: { workers: 1 } },
        { ...train, image: "registry/mine:7", cluster: { workers: 2 } },
      ],
    },
    `${subject}: steps[1].image must be that of steps[0], whose workers serve all steps`,
  ],
  [
    {
      steps: [
        { ...prepare, cluster: { workers: 1 } },
        { ...train, cluster: { workers: 1, threads: 2 } },
      ],
    },
    `${subject}: steps[1].cluster.threads must be that of steps[0], whose workers serve all steps`,
  ],
  [{ storageSize: "much" }, `${subject}: storageSize must be a quantity of bytes such as 2Gi`],
]);

const seeded: TrainingPipelineArgs = { ...base, environment: { SEED: "1" } };

describePreview(make, "train", seeded, (unknown) => ({
  ...unknownInputs(unknown),
  steps: [{ ...prepare, image: unknown, parameters: { rows: unknown } }, train],
}));
