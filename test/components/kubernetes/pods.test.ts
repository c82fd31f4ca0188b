import { PredictionApp, type PodPatch } from "../../../components/index.ts";
import { fullPlatformArgs, makePlatform } from "../../support/fixtures.ts";
import { describeRefusals, objects } from "../../support/cases.ts";
import {
  at,
  containersOf,
  list,
  podFaults,
  type PodTemplate,
  podTemplates,
} from "../../support/podSecurity.ts";
import { type JsonObject, record, type Recorded } from "../../support/recorder.ts";
import { readSchema } from "../../../tools/docs/schema.ts";

let resources: Recorded[];
beforeAll(async () => {
  ({ resources } = await record(() => makePlatform("ml", fullPlatformArgs)));
});

// SECURITY.md: Every pod of the namespace runs without root and with a read-only root file system,
// under Pod Security `restricted`.
test("every pod of the platform is restricted", () => {
  const faults = podTemplates(resources).flatMap(({ workload, spec }) =>
    podFaults(spec).map((fault) => `${workload} ${fault}`),
  );
  expect(faults).toEqual([]);
});

// SECURITY.md: Only what works with objects of the cluster has a token of a service account: Prometheus,
// kube-state-metrics, Grafana's sidecar, and of a restore the step that stops and starts MLflow.
test("only one container of ours has a token", () => {
  const holders = podTemplates(resources).flatMap(({ workload, spec }) => {
    const tokens = list(spec["volumes"]).filter((volume) => "projected" in volume);
    const names = tokens.map((volume) => volume["name"]);
    return containersOf(spec)
      .filter((container) =>
        list(container["volumeMounts"]).some((mount) => names.includes(mount["name"])),
      )
      .map((container) => [workload, container["name"]]);
  });
  expect(holders).toEqual([["ml-backup-restore", "swap"]]);
});

test("every workload that creates pods was checked", () => {
  const workloads = resources.filter(({ type }) => /:(apps|batch)\/v1:/.test(type));
  const looked = podTemplates(resources).map(({ workload }) => workload);
  expect(looked.sort()).toEqual(workloads.map(({ name }) => name).sort());
  expect(looked).toHaveLength(9);
});

test("every pod is selected only by its own workload", () => {
  const pods = podTemplates(resources);
  for (const { name, inputs } of objects(resources)) {
    const selector = at(inputs, "spec", "selector", "matchLabels");
    if (selector === undefined) continue;
    const chosen = pods.filter(({ labels }) =>
      Object.entries(selector as JsonObject).every(([label, value]) => labels[label] === value),
    );
    const own = name.replace(/-disruption-budget$/, "-server");
    expect([name, chosen.map(({ workload }) => workload)]).toEqual([name, [own]]);
  }
});

test("pods that serve requests have startup, readiness and liveness probes; pods of Jobs have none", () => {
  const probed = podTemplates(resources).filter(({ spec }) =>
    containersOf(spec).some(
      (container) =>
        "startupProbe" in container &&
        "readinessProbe" in container &&
        "livenessProbe" in container,
    ),
  );
  expect(probed.map(({ workload }) => workload).sort()).toEqual([
    "ml-database-server",
    "ml-prediction-server",
    "ml-serving-diabetes-server",
    "ml-tracking-server",
  ]);
});

test("no pod is evicted on GKE Autopilot for filling its folders", () => {
  const bytes = (quantity: unknown) => {
    const [, number, unit] = /^(\d+)(Mi|Gi)$/.exec(String(quantity))!;
    return Number(number) * (unit === "Gi" ? 2 ** 30 : 2 ** 20);
  };
  const sum = (quantities: unknown[]) =>
    quantities.reduce<number>((all, one) => all + bytes(one), 0);
  for (const { workload, spec } of podTemplates(resources)) {
    const folders = list(at(spec, "volumes") ?? []).map((volume) => at(volume, "emptyDir"));
    const room = sum(folders.flatMap((folder) => (folder ? [at(folder, "sizeLimit")] : [])));
    // what Autopilot allots to a container that requests nothing
    const allotted = containersOf(spec).map(
      (container) => at(container, "resources", "requests", "ephemeral-storage") ?? "1Gi",
    );
    expect([workload, sum(allotted) >= room]).toEqual([workload, true]);
  }
});

describe("the check finds", () => {
  const spoilt: [fault: string, spoil: (pod: Pod) => void][] = [
    ["mounts a service account token", (pod) => delete pod.automountServiceAccountToken],
    ["shares the node's namespaces", (pod) => (pod.hostNetwork = true)],
    ["may run as root", (pod) => (pod.securityContext.runAsNonRoot = false)],
    ["names no user", (pod) => (pod.securityContext.runAsUser = 0)],
    ["has no seccomp profile", (pod) => delete pod.securityContext.seccompProfile],
    ["has no time to stop", (pod) => (pod.terminationGracePeriodSeconds = 0)],
    ["mounts a kind of volume that is not allowed", (pod) => pod.volumes.push({ hostPath: {} })],
    ["has an unbounded folder", (pod) => pod.volumes.push({ emptyDir: {} })],
    [
      "may gain privileges",
      ({ containers: [container] }) => (container.securityContext.allowPrivilegeEscalation = true),
    ],
    [
      "may write to its root file system",
      ({ containers: [container] }) => delete container.securityContext.readOnlyRootFilesystem,
    ],
    [
      "keeps capabilities",
      ({ containers: [container] }) => (container.securityContext.capabilities = { drop: [] }),
    ],
    [
      "has no memory limits",
      ({ containers: [container] }) => delete container.resources.limits.memory,
    ],
  ];
  test.each(spoilt)("a pod that %s", (fault, spoil) => {
    const spec = structuredClone(podTemplates(resources)[0]!.spec);
    spoil(spec as unknown as Pod);
    expect(podFaults(spec)).toEqual([fault]);
  });
});

/** The parts of a pod that the spoilt ones differ in. */
interface Pod {
  automountServiceAccountToken?: boolean;
  hostNetwork?: boolean;
  terminationGracePeriodSeconds: number;
  securityContext: { runAsNonRoot: boolean; runAsUser: number; seccompProfile?: unknown };
  volumes: object[];
  containers: [
    {
      securityContext: {
        allowPrivilegeEscalation: boolean;
        readOnlyRootFilesystem?: boolean;
        capabilities: object;
      };
      resources: { limits: { memory?: string } };
    },
  ];
}

/** A page with a patch that changes whatever it can. */
const page = (name: string, podPatch?: PodPatch) => {
  const args = {
    namespace: "ml",
    image: "registry/predict:1",
    models: [{ name: "churn", serverUrl: "http://churn" }],
  };
  return new PredictionApp(name, { ...args, podPatch });
};
const patch: PodPatch = {
  affinity: { nodeAffinity: {} },
  topologySpreadConstraints: [],
  terminationGracePeriodSeconds: 90,
  envFrom: [{ secretRef: { name: "mine" } }],
  volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }],
  volumeMounts: [{ name: "data", mountPath: "/data", readOnly: true }],
  sidecars: [
    {
      name: "logs",
      image: "registry/logs:1",
      resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { cpu: "1", memory: "64Mi" } },
    },
  ],
};

test("a patch is merged over the component's pods last, and adds to lists", async () => {
  const templateOf = async (podPatch?: PodPatch) => {
    const [{ spec, labels }] = podTemplates(
      (await record(() => page("page", podPatch))).resources,
    ) as [PodTemplate];
    return { spec, labels };
  };
  const before = await templateOf();
  const { spec, labels } = await templateOf(patch);
  const { affinity, topologySpreadConstraints, terminationGracePeriodSeconds } = patch;
  expect(spec).toMatchObject({
    affinity,
    topologySpreadConstraints,
    terminationGracePeriodSeconds,
  });
  expect(spec["volumes"]).toEqual([...list(before.spec["volumes"]), ...patch.volumes!]);
  const [container] = list(spec["containers"]);
  const [plain] = list(before.spec["containers"]);
  const volumeMounts = [...list(plain!["volumeMounts"]), ...patch.volumeMounts!];
  expect(container).toEqual({ ...plain, envFrom: patch.envFrom, volumeMounts });
  expect(spec["initContainers"]).toMatchObject([{ name: "logs", restartPolicy: "Always" }]);
  expect(podFaults(spec)).toEqual(podFaults(before.spec));
  expect(labels).toEqual(before.labels);
});

describeRefusals<{ podPatch?: PodPatch }>(
  (name, { podPatch }) => page(name, podPatch),
  "page",
  {},
  [
    [
      { podPatch: { hostNetwork: true } as PodPatch },
      'PredictionApp "page": podPatch.hostNetwork is not an argument; those are affinity, topologySpreadConstraints, priorityClassName, runtimeClassName, schedulerName, hostAliases, dnsConfig, terminationGracePeriodSeconds, envFrom, volumes, volumeMounts, sidecars',
    ],
    [
      { podPatch: { volumes: [{ name: "node", hostPath: { path: "/" } }] } },
      'PredictionApp "page": podPatch.volumes[0].hostPath is refused: it could hold files of the node or a token of the API server; use one of configMap, csi, downwardAPI, emptyDir, ephemeral, persistentVolumeClaim, secret',
    ],
    [
      { podPatch: { sidecars: [{ name: "a", securityContext: { runAsUser: 0 } }] } },
      'PredictionApp "page": podPatch.sidecars[0].securityContext is refused: a sidecar has that of the component\'s own containers; leave it out',
    ],
    [
      { podPatch: { sidecars: [{ image: "a" }] } },
      'PredictionApp "page": podPatch.sidecars[0].name must be given',
    ],
  ],
);

test("every component that creates pods takes the same settings for them", () => {
  const { resources } = readSchema();
  const ofPods = [
    "labels",
    "annotations",
    "nodeSelector",
    "tolerations",
    "imagePullSecrets",
    "podPatch",
  ];
  const lacking = Object.entries(resources)
    // the charts of these have values, which are merged last
    .filter(
      ([, { inputProperties }]) => "image" in inputProperties && !("values" in inputProperties),
    )
    .flatMap(([name, { inputProperties }]) =>
      ofPods.filter((key) => !(key in inputProperties)).map((key) => `${name} ${key}`),
    );
  expect(lacking).toEqual([]);
});
