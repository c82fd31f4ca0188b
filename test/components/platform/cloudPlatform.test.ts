import type { MlopsPlatformArgs } from "../../../components/index.ts";
import { tree } from "../../support/cases.ts";
import {
  databaseOfMine,
  fullPlatformArgs,
  makePlatform,
  platformArgs,
} from "../../support/fixtures.ts";
import { at, containersOf, list, podFaults, podTemplates } from "../../support/podSecurity.ts";
import { type JsonObject, record, type Recorded } from "../../support/recorder.ts";
import { readable } from "../../support/wire.ts";

/* The platform with a database behind the Auth Proxy and a bucket, for a cluster with Google identities and without. */

const key = '{"type":"service_account","marker":"MARKER-key"}';
const workloadIdentity: MlopsPlatformArgs = {
  ...platformArgs,
  database: {
    ...databaseOfMine,
    address: "10.20.0.3",
    proxy: { instance: "project:europe-west1:mlops" },
  },
  artifacts: { uri: "gs://bucket" },
  monitoring: { enabled: false },
};
const withKey: MlopsPlatformArgs = {
  ...workloadIdentity,
  database: {
    ...workloadIdentity.database!,
    proxy: { instance: "project:europe-west1:mlops", privateAddress: false },
  },
  googleCredentials: key,
};

const specOf = ({ inputs }: Recorded) =>
  readable(at(inputs, "spec", "template", "spec")!) as JsonObject;
const proxyIn = (resource: Recorded) => list(specOf(resource)["initContainers"])[0]!;
const flags = (resource: Recorded) => proxyIn(resource)["args"];
const named = (entries: unknown) => list(entries as never).map(({ name }) => name);

test("consists of these resources, with the cluster's identities", async () => {
  const { resources } = await record(() => makePlatform("ml", workloadIdentity));
  expect(tree(resources)).toMatchSnapshot();
});

test("a key adds Secrets, and removes access to the metadata server", async () => {
  const plain = await record(() => makePlatform("ml", workloadIdentity));
  const keyed = await record(() => makePlatform("ml", withKey));
  const [before, after] = [tree(plain.resources), tree(keyed.resources)];
  expect(after.filter((line) => !before.includes(line))).toEqual([
    "kubernetes:core/v1:Secret ml-copy-google-credentials < ml",
    "kubernetes:core/v1:Secret ml-tracking-google-credentials < ml-tracking",
  ]);
  expect(before.filter((line) => !after.includes(line))).toEqual([
    "kubernetes:networking.k8s.io/v1:NetworkPolicy ml-network-copy-may-call-169.254.169.252-32 < ml-network",
    "kubernetes:networking.k8s.io/v1:NetworkPolicy ml-network-copy-may-call-169.254.169.254-32 < ml-network",
    "kubernetes:networking.k8s.io/v1:NetworkPolicy ml-network-mlflow-may-call-169.254.169.252-32 < ml-network",
    "kubernetes:networking.k8s.io/v1:NetworkPolicy ml-network-mlflow-may-call-169.254.169.254-32 < ml-network",
  ]);
});

test("the proxy is a native sidecar of the server and of the migration, with the flags that it knows", async () => {
  const { find } = await record(() => makePlatform("ml", workloadIdentity));
  for (const pod of [find("ml-tracking-server"), find("ml-tracking-migration")]) {
    expect(proxyIn(pod)).toMatchObject({
      name: "cloud-sql-proxy",
      image: expect.stringMatching(/^gcr\.io\/\S+\/cloud-sql-proxy:[\d.]+@sha256:[0-9a-f]{64}$/),
      restartPolicy: "Always",
      startupProbe: { httpGet: { path: "/startup", port: "proxy-health" } },
      livenessProbe: { httpGet: { path: "/liveness", port: "proxy-health" } },
      ports: [{ name: "proxy-health", containerPort: 9090 }],
    });
    expect(flags(pod)).toEqual([
      "--structured-logs",
      "--port=5432",
      "--private-ip",
      "--health-check",
      "--http-address=0.0.0.0",
      "--http-port=9090",
      "--exit-zero-on-sigterm",
      "project:europe-west1:mlops",
    ]);
    expect(proxyIn(pod)).not.toHaveProperty("volumeMounts");
  }
});

test("only the proxies and MLflow can read the key", async () => {
  const { find } = await record(() => makePlatform("ml", withKey));
  for (const pod of ["ml-tracking-server", "ml-tracking-migration"]) {
    expect(flags(find(pod))).toContain("--credentials-file=/etc/google/credentials.json");
    expect(flags(find(pod))).not.toContain("--private-ip");
    expect(list(specOf(find(pod))["volumes"])).toContainEqual({
      name: "google-credentials",
      secret: { secretName: "ml-tracking-google-credentials-1a2b3c", defaultMode: 0o440 },
    });
  }
  const shownTo = (pod: string) =>
    containersOf(specOf(find(pod))).flatMap(({ name, volumeMounts }) =>
      named(volumeMounts).includes("google-credentials") ? [name] : [],
    );
  expect(shownTo("ml-tracking-server")).toEqual(["cloud-sql-proxy", "mlflow"]);
  expect(shownTo("ml-tracking-migration")).toEqual(["cloud-sql-proxy"]);
});

test("the receiver of a copy reaches the databases like MLflow, sends it the files, and stops nothing", async () => {
  const { find } = await record(() => makePlatform("ml", workloadIdentity));
  const job = at(readable(find("ml-copy-job").inputs), "spec") as JsonObject;
  expect(job).toMatchObject({ suspend: true });
  const spec = at(job, "jobTemplate", "spec", "template", "spec") as JsonObject;
  expect(spec).toMatchObject({ serviceAccountName: "mlflow", automountServiceAccountToken: false });
  expect(named(spec["initContainers"])).toEqual(["cloud-sql-proxy", "copy", "migrate"]);
  expect(named(spec["containers"])).toEqual(["swap"]);
  expect(JSON.stringify(spec)).not.toContain("serviceAccountToken");
  const [, copy] = list(spec["initContainers"]);
  const variables = list(copy!["env"]).map(({ name, value }) => [name, value]);
  expect(Object.fromEntries(variables)).toMatchObject({
    PGHOST: "127.0.0.1",
    PGPORT: "5432",
    MLFLOW_TRACKING_URI: "http://mlflow.mlops.svc.cluster.local:5000",
  });
  expect(JSON.stringify(copy)).not.toMatch(/RESTIC|MLFLOW_DEPLOYMENT/);
});

test("every client of the database uses the proxy: the server, the migration and the exporter", async () => {
  const { find } = await record(() => makePlatform("ml", workloadIdentity));
  for (const settings of ["ml-tracking-settings", "ml-tracking-migration-settings"]) {
    const text = JSON.stringify(readable(find(settings).inputs));
    expect(text).toContain("@127.0.0.1:5432/runs");
    expect(text).toContain("@127.0.0.1:5432/users");
    expect(text).not.toContain("db.example.org");
  }
  const exporter = list(specOf(find("ml-tracking-server"))["containers"]).find(
    ({ name }) => name === "database-metrics",
  )!;
  const variable = list(exporter["env"]).find(({ name }) => name === "MLFLOW_BACKEND_STORE_URI");
  expect(at(variable, "valueFrom", "secretKeyRef", "key")).toBe("store-uri");
});

test("the output has the address of the database, not the proxy's", async () => {
  const { find } = await record(() => makePlatform("ml", workloadIdentity));
  expect(find("ml").outputs).toMatchObject({
    databaseHost: "10.20.0.3",
    artifactUri: "gs://bucket",
  });
});

test("only MLflow and a copy into its stores may call Google's APIs, the instance and the metadata server", async () => {
  const { resources } = await record(() => makePlatform("ml", workloadIdentity));
  const outward = resources.flatMap(({ name, inputs }) => {
    const [rule] = list(at(inputs, "spec", "egress"));
    const ends = list(rule?.["to"]);
    const isInside = ends.some((end) => "podSelector" in end);
    if (!rule || isInside || name === "ml-network-dns") return [];
    const to = ends.map((end) => at(end, "ipBlock", "cidr")).join() || "anything";
    const from = at(inputs, "spec", "podSelector", "matchLabels", "app.kubernetes.io/name");
    return list(rule["ports"]).map(({ port }) => `${String(from)} → ${to}:${String(port)}`);
  });
  expect(outward).toEqual([
    "mlflow → anything:3307",
    "mlflow → anything:443",
    "copy → anything:3307",
    "copy → anything:443",
    "mlflow → 169.254.169.254/32:80",
    "mlflow → 169.254.169.252/32:988",
    "copy → 169.254.169.254/32:80",
    "copy → 169.254.169.252/32:988",
  ]);
});

test.each([workloadIdentity, withKey])(
  "every pod is restricted, including sidecars",
  async (args) => {
    const { resources } = await record(() => makePlatform("ml", args));
    const pods = podTemplates(resources);
    expect(pods.flatMap(({ spec }) => podFaults(spec))).toEqual([]);
    expect(pods.filter(({ spec }) => "initContainers" in spec)).toHaveLength(3);
  },
);

test("every workload has its own account, which mounts no token", async () => {
  const { resources } = await record(() => makePlatform("ml", fullPlatformArgs));
  const accounts = resources.filter(({ type }) => type === "kubernetes:core/v1:ServiceAccount");
  const tokens = accounts.map(({ inputs }) => [
    at(inputs, "metadata", "name"),
    inputs["automountServiceAccountToken"],
  ]);
  expect(tokens.sort()).toEqual(
    [
      "backup",
      "mlflow",
      "model-server-diabetes",
      "postgres",
      "prediction-app",
      "restore",
      "training-diabetes",
    ].map((name) => [name, false]),
  );
  const used = podTemplates(resources).map(({ workload, spec }) => [
    workload,
    spec["serviceAccountName"],
  ]);
  expect(Object.fromEntries(used)).toEqual({
    "ml-backup-backup": "backup",
    "ml-backup-restore": "restore",
    "ml-database-server": "postgres",
    "ml-training-diabetes-job": "training-diabetes",
    "ml-prediction-server": "prediction-app",
    "ml-retraining-diabetes-schedule": "training-diabetes",
    "ml-serving-diabetes-server": "model-server-diabetes",
    "ml-tracking-migration": "mlflow",
    "ml-tracking-server": "mlflow",
  });
});

describe("paused", () => {
  const args: MlopsPlatformArgs = { ...fullPlatformArgs };
  const urns = (resources: readonly Recorded[]) => resources.map(({ urn }) => urn).sort();

  test("it has the same resources except the autoscaler, so that resuming replaces nothing", async () => {
    const running = await record(() => makePlatform("ml", args));
    const paused = await record(() => makePlatform("ml", { ...args, paused: true }));
    const [before, after] = [urns(running.resources), urns(paused.resources)];
    expect(after.filter((urn) => !before.includes(urn))).toEqual([]);
    expect(
      before.filter((urn) => !after.includes(urn)).map((urn) => urn.split("::").at(-1)),
    ).toEqual(["ml-serving-diabetes-autoscaler"]);
  });

  test("no workload has a pod, and no Job starts", async () => {
    const { resources, find } = await record(() => makePlatform("ml", { ...args, paused: true }));
    const states = podTemplates(resources).map(({ workload }) => {
      const spec = at(find(workload).inputs, "spec");
      return [workload, at(spec, "replicas") ?? at(spec, "suspend")];
    });
    expect(Object.fromEntries(states)).toEqual({
      "ml-backup-backup": true,
      "ml-backup-restore": true,
      "ml-database-server": 0,
      "ml-training-diabetes-job": true,
      "ml-prediction-server": 0,
      "ml-retraining-diabetes-schedule": true,
      "ml-serving-diabetes-server": 0,
      "ml-tracking-migration": true,
      "ml-tracking-server": 0,
    });
  });

  test("the update does not wait for a suspended Job, and resets the autoscaler's number of pods", async () => {
    const { find } = await record(() => makePlatform("ml", { ...args, paused: true }));
    const annotations = (name: string) => at(find(name).inputs, "metadata", "annotations");
    const skipped = { "pulumi.com/skipAwait": "true" };
    const forced = { "pulumi.com/patchForce": "true" };
    expect(annotations("ml-tracking-migration")).toMatchObject(skipped);
    expect(annotations("ml-training-diabetes-job")).toMatchObject(skipped);
    expect(annotations("ml-serving-diabetes-server")).toMatchObject(forced);
    const running = await record(() => makePlatform("ml", args));
    expect(
      at(running.find("ml-serving-diabetes-server").inputs, "metadata", "annotations"),
    ).not.toMatchObject(forced);
  });
});
