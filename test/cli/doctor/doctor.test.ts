import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Result } from "../../../cli/doctor/runChecks.ts";
import { troubleshootingTopics } from "../../../cli/doctor/report.ts";
import { checkoutRoot, workFolder } from "../../../local/support/cache.ts";
import { takeLock } from "../../../local/support/lock.ts";
import { plainKubeconfig } from "../../local/engine/engineRun.ts";
import { yes } from "../../local/engine/fakeApi.ts";
import { FakePlatform, lacking, resources, workload } from "./fakePlatform.ts";

jest.setTimeout(120_000);

const stack = `doctor-test-${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), "mlops-doctor-"));
const platform = new FakePlatform();
const { api } = platform;
const deploymentFile = join(workFolder, "deployments", `${stack}.json`);
const stateFile = join(workFolder, "state", `${stack}.json`);

beforeAll(async () => {
  const { apiServer, url } = await platform.listen();
  writeFileSync(join(folder, "kubeconfig"), plainKubeconfig(apiServer));
  for (const part of ["deployments", "state"])
    mkdirSync(join(workFolder, part), { recursive: true });
  const target = { kind: "context", context: "fake", server: apiServer };
  const deployment = { target, engine: "builtin", namespace: "ml", charts: "stand-in" };
  writeFileSync(deploymentFile, JSON.stringify(deployment));
  const outputs = {
    ...{ mlflowTrackingUri: url, modelServingUrl: url, predictionAppUrl: url },
    ...{ prometheusUrl: url, grafanaUrl: url, artifactUri: "mlflow-artifacts:/" },
    ...{ mlflowUsername: "notebook", mlflowPassword: "notebooks-password" },
    ...{ mlflowAdminPassword: "admins-password" },
    models: { iris: { alias: "champion", servingUrl: url, pageUrl: null } },
  };
  writeFileSync(stateFile, JSON.stringify({ version: 1, resources: [], obsolete: [], outputs }));
});
afterAll(() => {
  platform.close();
  for (const path of [folder, deploymentFile, stateFile]) rmSync(path, { recursive: true });
});

const doctor = (...words: string[]) => run("doctor", ...words);

function run(
  command: string,
  ...words: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const entry = join(checkoutRoot, "cli", "entry.ts");
  const settings = ["--config", "namespace=ml", "--stack", stack];
  const env = { ...process.env, KUBECONFIG: join(folder, "kubeconfig") };
  const child = spawn(process.execPath, [entry, command, ...settings, ...words], { env });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
  return new Promise((done) => child.on("close", (code) => done({ code, ...output })));
}

async function examined(...words: string[]): Promise<Result[]> {
  const { stdout, stderr } = await doctor("--json", ...words);
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as Result[];
}

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
const together: Record<string, Fault[]> = {
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
      "namespace",
      "the namespace ml was there before",
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
      "a run was killed while Helm worked (pending-upgrade)",
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
          lacking("Deployment", "a", {}, refused('pods "a-1" is forbidden: exceeded quota: small')),
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
      "the password in Postgres is not the one of the stack",
      () => (api.log = 'FATAL: password authentication failed for user "mlflow"\n'),
    ],
    [
      "refused-requests",
      "a client that calls it ml.example.org",
      () => (api.log += "WARNING: Rejected request with invalid Host header: ml.example.org\n"),
    ],
    [
      "refused-requests",
      "keep artifacts at './mlruns'",
      () => (api.log += "Refused an experiment with the artifact_location './mlruns'\n"),
    ],
    ["mlflow-hosts", "127.0.0.1:", () => (platform.allowedHosts = /^localhost/)],
    [
      "scrape-targets",
      "Prometheus cannot scrape",
      () =>
        platform.answers.set("POST /api/v1/query", [
          200,
          {
            status: "success",
            data: {
              result: [
                {
                  metric: { job: "pods", pod: "mlflow-1", alertname: "TargetDown" },
                  value: [1, "0"],
                },
              ],
            },
          },
        ]),
    ],
    ["alerts", "TargetDown", () => {}],
    [
      "grafana",
      "it keeps the first one in its database",
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

describe("on a platform that is well", () => {
  let results: Result[];
  beforeAll(async () => {
    results = await examined();
  });

  test("every check is ok or says why it cannot look", () => {
    expect(results.flatMap(({ findings }) => findings)).toEqual([]);
    const skipped = results.filter(({ status }) => status === "skipped");
    expect(skipped.map(({ name, detail }) => `${name}: ${detail}`)).toEqual([
      "domain: the stack has no domain",
      "certificate: the stack has no domain",
      "workload-identity: no pod shows Google an identity",
    ]);
  });

  test("every symptom of the troubleshooting page names a check that there is", () => {
    const names = results.map(({ name }) => name);
    const lost = troubleshootingTopics().filter(({ check }) => !names.includes(check ?? ""));
    expect(lost).toEqual([]);
  });
});

describe.each(Object.entries(together))("what is wrong %s", (_, faults) => {
  let results: Result[];
  beforeAll(async () => {
    platform.reset();
    for (const [, , plant] of faults) plant();
    results = await examined("--config", "trackingNodePort=30001");
  });
  afterAll(() => platform.reset());

  test.each(faults.map(([check, words]) => [check, words]))("%s: %s", (check, words) => {
    const { findings } = results.find(({ name }) => name === check)!;
    const texts = findings.map(({ symptom, cause }) => `${symptom}: ${cause}`);
    expect(texts).toContainEqual(expect.stringContaining(words));
    for (const { fix } of findings) expect(fix).not.toBe("");
  });
});

test("`up` says what a user may not do before it builds or changes anything", async () => {
  api.denied = ["create namespaces"];
  const { code, stderr } = await run("up", "--context", "fake", "--engine", "builtin");
  platform.reset();
  expect(stderr).toContain("this cluster cannot take the platform; nothing was changed\n");
  expect(stderr).toContain("it administers the namespace ml only, and may not create namespaces");
  expect(stderr).not.toContain("Packing the images");
  expect(api.writes).toEqual([]);
  expect(code).toBe(1);
});

test("people read symptom, cause, fix and where there is more; a fault ends with 1", async () => {
  platform.servedVersion = "2";
  const { code, stdout } = await doctor();
  platform.reset();
  expect(stdout).toMatch(
    /✗ model-servers +iris version 3 has the alias champion, but version 2 still answers\n {4}cause: .+\n {4}fix: {3}.+\n {4}more: {2}docs\/troubleshooting\.md, "A new version was promoted/,
  );
  expect(stdout).toMatch(/\n\d+ ok, 1 failed, 3 skipped\n$/);
  expect(code).toBe(1);
});

test("a run that goes on is a warning, which ends with 0", async () => {
  const release = takeLock(join(workFolder, "state", `${stack}.lock`), "working on this stack");
  const { code, stdout } = await doctor();
  release();
  expect(stdout).toContain(`cause: the process ${process.pid}`);
  expect(code).toBe(0);
});

test("without a cluster the reason is named once, and what needs one is skipped", async () => {
  writeFileSync(join(folder, "kubeconfig"), plainKubeconfig("http://127.0.0.1:9"));
  const results = await examined();
  const faults = results.flatMap(({ name, findings }) =>
    findings.map(({ cause }) => `${name}: ${cause}`),
  );
  expect(faults).toEqual(["context: the context fake: nothing listens at http://127.0.0.1:9"]);
});
