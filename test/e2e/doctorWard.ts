import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { Named } from "./doctor.ts";
import { api, clusterFolder, kubeconfigPath, namespace } from "./support/platform.ts";
import { waitUntil } from "./support/wait.ts";

/** A namespace full of what goes wrong with pods, and the one that a node-exporter of its stack would have. */
export const ward = "e2e-ward";
const restricted = `${ward}-node-exporter`;

const pause = "localhost/mlops-local/pause:1";
const tiny = { cpu: "1m", memory: "8Mi" };

interface Pod {
  container?: object;
  spec?: object;
  replicas?: number;
  metadata?: object;
}

const podTemplate = (name: string, { container, spec, metadata }: Pod) => ({
  metadata: { labels: { app: name } },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [
      { name: "main", image: pause, resources: { requests: tiny, limits: tiny }, ...container },
    ],
    ...spec,
  },
  ...metadata,
});

const deployment = (name: string, pod: Pod = {}) => ({
  metadata: { name },
  spec: {
    replicas: pod.replicas ?? 1,
    selector: { matchLabels: { app: name } },
    template: podTemplate(name, pod),
  },
});

const requests = (resources: object) => ({
  container: {
    resources: { requests: { ...tiny, ...resources }, limits: { ...tiny, ...resources } },
  },
});

const claim = (name: string, storageClassName: string) => ({
  metadata: { name },
  spec: {
    storageClassName,
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage: "1Mi" } },
  },
});

const withClaim = (claimName: string): Pod => ({
  spec: { volumes: [{ name: "data", persistentVolumeClaim: { claimName } }] },
});

const shell = (image: string, script: string) => ({
  image,
  command: ["sh", "-c", script],
  imagePullPolicy: "IfNotPresent",
});

/** What is created, by the path of its API below the ward. */
const contents = (image: string): [path: string, object: object][] => [
  [
    "api/v1 resourcequotas",
    { metadata: { name: "no-gpus" }, spec: { hard: { "requests.nvidia.com/gpu": "0" } } },
  ],
  [
    "api/v1 limitranges",
    {
      metadata: { name: "small" },
      spec: { limits: [{ type: "Container", max: { "ephemeral-storage": "1Gi" } }] },
    },
  ],
  ["api/v1 persistentvolumeclaims", claim("classless", "")],
  ["api/v1 persistentvolumeclaims", claim("gilded", "gold")],
  ["api/v1 services", { metadata: { name: "web" }, spec: { ports: [{ port: 80 }] } }],
  [
    "api/v1 secrets",
    {
      metadata: {
        name: "sh.helm.release.v1.stuck.v1",
        labels: { owner: "helm", name: "stuck", status: "pending-upgrade" },
      },
      type: "helm.sh/release.v1",
    },
  ],
  ["apis/apps/v1 deployments", deployment("over-quota", requests({ "nvidia.com/gpu": "1" }))],
  ["apis/apps/v1 deployments", deployment("over-limit", requests({ "ephemeral-storage": "2Gi" }))],
  ["apis/apps/v1 deployments", deployment("classless", withClaim("classless"))],
  [
    "apis/apps/v1 deployments",
    deployment("no-image", { container: { image: "localhost/mlops/none:1" } }),
  ],
  [
    "apis/apps/v1 deployments",
    deployment("bad-image", { container: { image: "localhost/UPPER:1" } }),
  ],
  ["apis/apps/v1 deployments", deployment("hungry", requests({ cpu: "640" }))],
  ["apis/apps/v1 deployments", deployment("fat", requests({ memory: "4Ti" }))],
  ["apis/apps/v1 deployments", deployment("picky", { spec: { nodeSelector: { disk: "ssd" } } })],
  [
    "apis/apps/v1 deployments",
    deployment("same-port", {
      replicas: 2,
      container: { ports: [{ containerPort: 18099, hostPort: 18099 }] },
    }),
  ],
  [
    "apis/apps/v1 deployments",
    deployment("secretless", { container: { envFrom: [{ secretRef: { name: "nothing" } }] } }),
  ],
  [
    "apis/apps/v1 deployments",
    deployment("crashing", { container: shell(image, "echo boom; exit 3") }),
  ],
  ["apis/apps/v1 deployments", deployment("edited")],
  [
    "apis/batch/v1 jobs",
    {
      metadata: { name: "mlflow-migration-0", labels: { "app.kubernetes.io/name": "mlflow" } },
      spec: {
        backoffLimit: 0,
        template: podTemplate("migration", {
          container: shell(image, "echo too new; exit 1"),
          spec: { restartPolicy: "Never" },
        }),
      },
    },
  ],
];

/** What the doctor must say of each of them. */
export const wardFaults: readonly Named[] = [
  ["quota", /over-quota.*exceeded quota: no-gpus/],
  ["quota", /no-gpus .* too small.*1 are missing/],
  ["limit-range", /over-limit.*maximum ephemeral-storage usage per Container is 1Gi/],
  ["limit-range", /small .* refuses pods of over-limit.*2Gi of ephemeral-storage/],
  ["claims", /claim classless .*no storage class/],
  ["claims", /claim gilded .*storage class gold, which does not exist/],
  ["storage-class", /no storage class gold/],
  ["images", /no-image.*localhost\/mlops\/none:1/],
  ["images", /bad-image.*InvalidImageName/],
  ["scheduling", /hungry.*requests 640 of cpu, and \S+ has .* are missing/],
  ["scheduling", /fat.*requests 4096Gi of memory/],
  ["scheduling", /picky.*node affinity\/selector/],
  ["ports", /same-port.*needs port 18099 of the node/],
  ["ports", new RegExp(`port 30001 of the nodes belongs to the Service ${namespace}/mlflow`)],
  ["pod-security", /rooted.*violates PodSecurity "restricted/],
  ["pods", /secretless.*secret "nothing" not found/],
  ["pods", /crashing.*boom/s],
  ["migration", /mlflow-migration-0 .*BackoffLimitExceeded/],
  ["releases", /stuck that another operation is in progress/],
  ["field-owners", /edited was changed by hand.*spec\.replicas/],
  ["namespace", new RegExp(`namespace ${ward} already exists`)],
];

const create = async (path: string, object: object) => {
  const { status, body } = await api().call("POST", path, object);
  if (status !== 201) throw new Error(`${path}: ${JSON.stringify(body)}`);
};

export async function createWard(): Promise<void> {
  const page = await api().get(`/apis/apps/v1/namespaces/${namespace}/deployments/prediction-app`);
  const { template } = page.spec as { template: { spec: { containers: { image: string }[] } } };
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  await create("/api/v1/namespaces", { metadata: { name: ward } });
  await create("/api/v1/namespaces", { metadata: { name: restricted, labels } });
  for (const [path, object] of contents(template.spec.containers[0]!.image)) {
    const [group, resource] = path.split(" ");
    await create(`/${group}/namespaces/${ward}/${resource}`, object);
  }
  await create(`/apis/apps/v1/namespaces/${restricted}/deployments`, deployment("rooted"));
  const edited = `/apis/apps/v1/namespaces/${ward}/deployments/edited?fieldManager=kubectl-edit`;
  await api().call("PATCH", edited, { spec: { replicas: 2 } });
  await waitUntil("the pods have failed", 45, async () => {
    const pods = await api().pods(ward);
    const shown = JSON.stringify(pods.map(({ status }) => status));
    return [
      "ErrImage",
      "InvalidImageName",
      "CreateContainerConfigError",
      "free ports",
      '"exitCode":3',
      '"exitCode":1',
    ].every((sign) => shown.includes(sign));
  });
}

export async function removeWard(): Promise<void> {
  for (const name of [ward, restricted]) await api().call("DELETE", `/api/v1/namespaces/${name}`);
}

/** Path of a kubeconfig for someone who administers the ward and nothing else, with a context of that name. */
export async function someonesKubeconfig(): Promise<string> {
  const inWard = (path: string) => path.replace("WARD", `namespaces/${ward}`);
  await create(inWard("/api/v1/WARD/serviceaccounts"), { metadata: { name: "someone" } });
  await create(inWard("/apis/rbac.authorization.k8s.io/v1/WARD/rolebindings"), {
    metadata: { name: "someone" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "admin" },
    subjects: [{ kind: "ServiceAccount", name: "someone", namespace: ward }],
  });
  const { body } = await api().call("POST", inWard("/api/v1/WARD/serviceaccounts/someone/token"), {
    spec: { expirationSeconds: 600 },
  });
  const { token } = (body as { status: { token: string } }).status;
  const { clusters } = parse(readFileSync(kubeconfigPath, "utf8")) as {
    clusters: { name: string }[];
  };
  const path = join(clusterFolder, "someone.kubeconfig");
  const context = { cluster: clusters[0]!.name, user: "someone" };
  writeFileSync(
    path,
    stringify({
      ...{ apiVersion: "v1", kind: "Config", clusters },
      users: [{ name: "someone", user: { token } }],
      contexts: [{ name: "someone", context }],
      "current-context": "someone",
    }),
  );
  return path;
}
