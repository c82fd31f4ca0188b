import { trackingSecretRow } from "../../support/cases.ts";
import type { RayClusterArgs } from "../../../components/index.ts";

/** The arguments that nothing on Ray is without. */
export const rayBase: RayClusterArgs = {
  namespace: "ml",
  image: "registry/ray:1",
  rayVersion: "2.52.0",
  trackingUri: "http://mlflow:5000",
  trackingUsername: "ray",
  trackingPassword: "a writer's password",
};

/** Where an object of Ray has a pod, and the name of its container. */
type Place = readonly [path: string, container: string];

/** Rows for what a cluster and a job have in common; `pods` are the templates of the object, head and workers first. */
export function rayRows(
  object: string,
  { cluster, pods }: { cluster: string; pods: readonly [Place, Place, ...Place[]] },
) {
  const each = (...lines: string[]) =>
    pods.flatMap(([path]) => lines.map((line) => `${object} ${path}.${line}`));
  const containers = (...lines: string[]) =>
    pods.flatMap(([path, container]) =>
      lines.map((line) => `${object} ${path}.spec.containers[${container}].${line}`),
    );
  const [head, worker] = pods.map(([path, name]) => `${object} ${path}.spec.containers[${name}]`);
  const all = ["ray-account", "ray-pods", "ray-tracking-credentials", object];
  const everywhere = (line: string) => [
    ...all.map((name) => `${name} metadata.${line}`),
    ...each(`metadata.${line}`),
  ];
  return {
    namespace: {
      value: "team",
      changes: all.map((name) => `${name} metadata.namespace: ml → team`),
    },
    image: {
      value: "registry/ray:2",
      changes: containers("image: registry/ray:1 → registry/ray:2"),
    },
    rayVersion: {
      value: "2.53.0",
      changes: [`${object} ${cluster}.rayVersion: 2.52.0 → 2.53.0`],
    },
    workers: {
      value: 3,
      changes: ["maxReplicas", "minReplicas", "replicas"].map(
        (count) => `${object} ${cluster}.workerGroupSpecs[0].${count}: 1 → 3`,
      ),
    },
    workerResources: {
      value: { cpuLimit: "8" },
      changes: [`${worker}.resources.limits.cpu: 2 → 8`],
    },
    headResources: {
      value: { cpuLimit: "8" },
      changes: [`${head}.resources.limits.cpu: 2 → 8`],
    },
    gpu: {
      value: {},
      changes: [
        `${worker}.resources.limits.nvidia.com/gpu: ∅ → 1`,
        ...["nvidia.com/gpu", "cloud.google.com/gke-spot"].flatMap((key, index) =>
          [
            ["effect", "NoSchedule"],
            ["key", key],
            ["operator", "Exists"],
          ].map(
            ([field, value]) =>
              `${object} ${pods[1][0]}.spec.tolerations[${index}].${field}: ∅ → ${value}`,
          ),
        ),
      ],
    },
    storageSize: {
      value: "20Gi",
      changes: [
        ...containers("resources.requests.ephemeral-storage: 10Gi → 20Gi"),
        ...each("spec.volumes[tmp].emptyDir.sizeLimit: 10Gi → 20Gi"),
      ],
    },
    environment: {
      value: { EPOCHS: "12" },
      changes: [
        "+ ray-environment",
        `${object} options.dependsOn: +ray-environment`,
        ...containers(
          "env[EPOCHS].name: ∅ → EPOCHS",
          "env[EPOCHS].valueFrom.secretKeyRef.key: ∅ → EPOCHS",
          "env[EPOCHS].valueFrom.secretKeyRef.name: ∅ → ray-environment-1a2b3c",
        ),
      ],
    },
    serviceAccountName: {
      value: "own",
      changes: [
        "- ray-account",
        `${object} options.dependsOn: -ray-account`,
        ...each("spec.serviceAccountName: ray → own"),
      ],
    },
    nodeSelector: { value: { pool: "ml" }, changes: each("spec.nodeSelector.pool: ∅ → ml") },
    tolerations: {
      value: [{ key: "dedicated", operator: "Exists" }],
      changes: each(
        "spec.tolerations[0].key: ∅ → dedicated",
        "spec.tolerations[0].operator: ∅ → Exists",
      ),
    },
    imagePullSecrets: {
      value: ["registry"],
      changes: each("spec.imagePullSecrets[registry].name: ∅ → registry"),
    },
    podPatch: {
      value: { priorityClassName: "high" },
      changes: each("spec.priorityClassName: ∅ → high"),
    },
    paused: { value: true, changes: [`${object} spec.suspend: false → true`] },
    labels: { value: { team: "blue" }, changes: everywhere("labels.team: ∅ → blue") },
    annotations: { value: { note: "hello" }, changes: everywhere("annotations.note: ∅ → hello") },
    trackingUri: {
      value: "http://other:5000",
      changes: containers("env[MLFLOW_TRACKING_URI].value: http://mlflow:5000 → http://other:5000"),
    },
    trackingUsername: {
      value: "other",
      changes: ["ray-tracking-credentials stringData.secret.username: ray → other"],
    },
    trackingSecretName: trackingSecretRow(
      object,
      "ray-tracking-credentials",
      ...pods.map(([path, container]) => `${path}.spec.containers[${container}]`),
    ),
    trackingPassword: {
      value: "another password",
      changes: [
        "ray-tracking-credentials stringData.secret.password: a writer's password → another password",
      ],
    },
  };
}
