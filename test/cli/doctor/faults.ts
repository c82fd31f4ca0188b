import { yes } from "../../local/engine/fakeApi.ts";
import { type FakePlatform, lacking, resources, workload } from "./fakePlatform.ts";

const unscheduled = (name: string, message: string, spec: object = {}) => ({
  metadata: { name: `${name}-1`, namespace: "ml", uid: name },
  spec: { containers: [], ...spec },
  status: {
    conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }],
  },
});

const waiting = (name: string, reason: string, message: string) => ({
  metadata: { name: `${name}-1`, namespace: "ml" },
  spec: { containers: [] },
  status: { containerStatuses: [{ name: "main", state: { waiting: { reason, message } } }] },
});

const refused = (message: string) => ({
  conditions: [yes("ReplicaFailure", { message })],
});

type Fault = [check: string, words: string, plant: () => void];

/** Faults side by side, which one run of the doctor has to name. The fake lists every pod for every workload. */
export function faultsOn(platform: FakePlatform): Record<string, Fault[]> {
  const { api } = platform;
  return {
    "with the cluster": [
      [
        "permissions",
        "it administers the namespace ml only, and may not create namespaces",
        () => (api.denied = ["create namespaces"]),
      ],
      ["clock", "s ahead of this machine's", () => (api.clockAhead = 90)],
      [
        "nodes",
        "DiskPressure is True: full",
        () =>
          api.put("/api/v1/nodes/full", {
            status: { conditions: [yes("Ready"), yes("DiskPressure", { message: "full" })] },
          }),
      ],
      [
        "nodes",
        "it was cordoned",
        () =>
          api.put("/api/v1/nodes/shut", {
            spec: { unschedulable: true },
            status: { conditions: [yes("Ready")] },
          }),
      ],
      [
        "nodes",
        "images that this machine builds are",
        () => api.put("/api/v1/nodes/other", { status: { nodeInfo: { architecture: "s390x" } } }),
      ],
      [
        "dns",
        "no pod of kube-dns is ready",
        () =>
          api.put("/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices/kube-dns", {
            endpoints: [],
          }),
      ],
      ["network-policies", "enforces no NetworkPolicies", () => api.put("/apis", { groups: [] })],
      [
        "load-metrics",
        "iris does not follow the load: the cluster serves no metrics.k8s.io",
        () => {},
      ],
      ["load-metrics", "the cluster serves no custom.metrics.k8s.io", () => {}],
      [
        "namespace",
        "the namespace ml already exists",
        () => api.put("/api/v1/namespaces/ml", { metadata: { labels: {} } }),
      ],
      [
        "storage-class",
        "no storage class of the cluster is the default one",
        () => api.put("/apis/storage.k8s.io/v1/storageclasses/standard", {}),
      ],
      [
        "claims",
        "needs the storage class gold, which does not exist",
        () =>
          platform.put("persistentvolumeclaims/big", {
            metadata: { namespace: "ml" },
            spec: { storageClassName: "gold" },
          }),
      ],
      [
        "quota",
        "it allows 1 of requests.cpu, and the platform's pods need 1.4",
        () => {
          platform.put("resourcequotas/small", {
            metadata: { namespace: "ml" },
            spec: { hard: { "requests.cpu": "1" } },
          });
          platform.put(
            "deployments/model-server",
            workload("Deployment", "model-server", { resources: resources("1100m", "1Gi") }),
          );
        },
      ],
      [
        "limit-range",
        "its container main has a limit of 1Gi of memory, and 512Mi is the most",
        () =>
          platform.put("limitranges/narrow", {
            metadata: { namespace: "ml" },
            spec: { limits: [{ type: "Container", max: { memory: "512Mi" } }] },
          }),
      ],
      [
        "ports",
        "port 30001 of the nodes belongs to the Service other/web",
        () =>
          api.put("/api/v1/namespaces/other/services/web", {
            metadata: { namespace: "other" },
            spec: { ports: [{ nodePort: 30001 }] },
          }),
      ],
      [
        "field-owners",
        "kubectl-scale owns spec.replicas",
        () => {
          const live = workload("Deployment", "prediction-app");
          const managedFields = [
            { manager: "kubectl-scale", fieldsV1: { "f:spec": { "f:replicas": {} } } },
          ];
          platform.put("deployments/prediction-app", {
            ...live,
            metadata: { ...live["metadata"], managedFields },
          });
        },
      ],
      [
        "releases",
        "a run was killed while Helm was working (pending-upgrade)",
        () =>
          platform.put("secrets/release", {
            metadata: {
              namespace: "ml",
              labels: { owner: "helm", name: "prometheus", status: "pending-upgrade" },
            },
          }),
      ],
      [
        "backup",
        "the last backup is 50 hours old",
        () =>
          api.put("/apis/batch/v1/namespaces/ml/cronjobs/backup", {
            status: { lastSuccessfulTime: new Date(Date.now() - 50 * 3_600_000).toISOString() },
          }),
      ],
    ],
    "with a quota": [
      [
        "quota",
        "exceeded quota: small",
        () =>
          platform.put(
            "deployments/a",
            lacking(
              "Deployment",
              "a",
              {},
              refused('pods "a-1" is forbidden: exceeded quota: small'),
            ),
          ),
      ],
      [
        "limit-range",
        "maximum memory usage per Container is 1Gi",
        () =>
          platform.put(
            "deployments/b",
            lacking(
              "Deployment",
              "b",
              {},
              refused('pods "b-1" is forbidden: maximum memory usage per Container is 1Gi'),
            ),
          ),
      ],
      [
        "pod-security",
        "violates PodSecurity",
        () =>
          platform.put(
            "deployments/c",
            lacking(
              "Deployment",
              "c",
              {},
              refused('pods "c-1" is forbidden: violates PodSecurity "restricted:latest"'),
            ),
          ),
      ],
      [
        "admission",
        "denied the request",
        () =>
          platform.put(
            "deployments/d",
            lacking("Deployment", "d", {}, refused('admission webhook "x" denied the request: no')),
          ),
      ],
      [
        "migration",
        "BackoffLimitExceeded",
        () =>
          platform.put("jobs/mlflow-migration-1", {
            ...workload("Job", "mlflow"),
            status: { conditions: [yes("Failed", { reason: "BackoffLimitExceeded" })] },
          }),
      ],
    ],
    "with an image": [
      [
        "images",
        "ImagePullBackOff: not found",
        () => {
          platform.put("deployments/a", lacking("Deployment", "a"));
          api.pods = [waiting("a", "ImagePullBackOff", "not found")];
        },
      ],
    ],
    "with room on the nodes": [
      [
        "scheduling",
        "it requests 6 of cpu, and one has 4 of 4 free: 2 are missing",
        () => {
          platform.put("deployments/a", lacking("Deployment", "a"));
          const spec = { containers: [{ resources: { requests: { cpu: "6" } } }] };
          api.pods = [unscheduled("a", "0/1 nodes are available: 1 Insufficient cpu.", spec)];
        },
      ],
    ],
    "with a port of the node": [
      [
        "ports",
        "it needs port 9100 of the node",
        () => {
          platform.put(
            "daemonsets/exporter",
            lacking("DaemonSet", "exporter", {}, { desiredNumberScheduled: 1 }),
          );
          const spec = { containers: [{ ports: [{ hostPort: 9100 }] }] };
          api.pods = [unscheduled("exporter", "1 node(s) didn't have free ports", spec)];
        },
      ],
    ],
    "with a Secret": [
      [
        "pods",
        'secret "keys" not found',
        () => {
          platform.put("deployments/a", lacking("Deployment", "a"));
          api.pods = [waiting("a", "CreateContainerConfigError", 'secret "keys" not found')];
        },
      ],
    ],
    "with MLflow, its database and the models": [
      [
        "postgres",
        "the password in Postgres is not the stack's",
        () => (api.log = 'FATAL: password authentication failed for user "mlflow"\n'),
      ],
      [
        "refused-requests",
        "a client that calls it ml.example.org",
        () => (api.log += "WARNING: Rejected request with invalid Host header: ml.example.org\n"),
      ],
      [
        "refused-requests",
        "store artifacts at './mlruns'",
        () => (api.log += "Refused an experiment with the artifact_location './mlruns'\n"),
      ],
      ["mlflow-hosts", "127.0.0.1:", () => (platform.allowedHosts = /^localhost/)],
      [
        "scrape-targets",
        "Prometheus cannot scrape pods mlflow-1: connection refused",
        () => {
          const labels = { job: "pods", pod: "mlflow-1" };
          const down = { labels, health: "down", lastError: "connection refused" };
          platform.answers.set("GET /api/v1/targets", [200, { data: { activeTargets: [down] } }]);
        },
      ],
      [
        "alerts",
        "TargetDown",
        () => {
          const firing = { metric: { alertname: "TargetDown" }, value: [1, "1"] };
          platform.answers.set("POST /api/v1/query", [
            200,
            { status: "success", data: { result: [firing] } },
          ]);
        },
      ],
      [
        "grafana",
        "it keeps its first password in its database",
        () => platform.answers.set("GET /api/user", [401, {}]),
      ],
      [
        "page",
        "prediction-app is scaled to 0 pods",
        () => {
          platform.away.add("/_stcore/health");
          const live = workload("Deployment", "prediction-app");
          platform.put("deployments/prediction-app", {
            ...live,
            spec: { ...live["spec"], replicas: 0 },
          });
        },
      ],
    ],
    "with a password of the notebooks": [
      ["login", "401 to the user notebook", () => (platform.password = "another")],
    ],
    "with an alias": [
      [
        "aliases",
        "no version of iris has the alias champion",
        () => platform.answers.set("GET registered-models/alias", [404, {}]),
      ],
      [
        "artifacts",
        "runs/create answers 500",
        () => platform.answers.set("POST runs/create", [500, { message: "disk full" }]),
      ],
    ],
    "with the version that is served": [
      [
        "model-servers",
        "iris version 3 has the alias champion, but version 2 still answers",
        () => (platform.servedVersion = "2"),
      ],
    ],
    "with the model server and MLflow away": [
      ["mlflow", "MLflow does not answer at http", () => platform.away.add("/health")],
      ["model-servers", "the model server of iris does not answer", () => {}],
    ],
  };
}
