import { gzipSync } from "node:zlib";
import { stackAnnotation } from "../../components/kubernetes/ownershipMarks.ts";
import type { Engine } from "../../cli/engine.ts";
import { clearUnfinished } from "../../cli/unfinishedRun.ts";
import type { Settings } from "../../cli/stackSettings.ts";
import type { KubernetesClient } from "../../local/support/kubernetesClient.ts";
import { type JsonObject, textAt } from "../../local/support/propertyValues.ts";

// What a killed run of the Pulumi CLI leaves in its state, and a cluster that keeps what it is given.
let objects: Map<string, JsonObject>;
let state: { deployment: JsonObject };
let imported = 0;
beforeEach(() => {
  objects = new Map();
  imported = 0;
  jest.spyOn(console, "error").mockReturnValue();
});
afterEach(() => jest.restoreAllMocks());

const keyOf = (object: JsonObject) =>
  `${textAt(object, "kind")} ${textAt(object, "metadata", "name")}`;
const put = (...ones: JsonObject[]) => ones.forEach((one) => objects.set(keyOf(one), one));
const client = {
  get: async (object: JsonObject) => objects.get(keyOf(object)),
  delete: async (object: JsonObject) => void objects.delete(keyOf(object)),
  request: async (_: string, path: string) => {
    const isOfHelm = (one: JsonObject) => textAt(one, "metadata", "labels", "owner") === "helm";
    const listed = path.includes("owner%3Dhelm")
      ? (one: JsonObject) => isOfHelm(one)
      : (one: JsonObject) => path.includes(`/${textAt(one, "kind")?.toLowerCase()}s?`);
    return { items: [...objects.values()].filter(listed) };
  },
} as unknown as KubernetesClient;
const engine = {
  name: "pulumi",
  exportState: async () => JSON.stringify(state),
  importState: async (text: string) => {
    imported += 1;
    state = JSON.parse(text) as typeof state;
  },
} as Engine;
const settings = { project: "mlops-platform", stack: "dev" } as Settings;
const clear = (one = engine) => clearUnfinished(one, client, settings, ["ml"]);

const object = (
  kind: string,
  name: string,
  annotations: JsonObject = { [stackAnnotation]: "mlops-platform/dev" },
  manager = "pulumi-kubernetes",
) => ({
  apiVersion: "v1",
  kind,
  metadata: { name, namespace: "ml", annotations, managedFields: [{ manager }] },
});
const ofRelease = (kind: string, name: string, namespace = "ml") =>
  object(
    kind,
    name,
    { "meta.helm.sh/release-name": "prometheus", "meta.helm.sh/release-namespace": namespace },
    "helm",
  );
const namespace = {
  type: "kubernetes:core/v1:Namespace",
  id: "ml",
  inputs: { kind: "Namespace", metadata: { name: "ml" } },
  outputs: {},
};
const release = {
  type: "kubernetes:helm.sh/v3:Release",
  id: "ml/prometheus",
  inputs: { name: "prometheus", namespace: "ml" },
  outputs: {},
};
const knowing = (...resources: JsonObject[]) => ({
  deployment: { resources: [namespace, ...resources] },
});
const record = (revision: number, manifest = "") => ({
  ...object("Secret", `sh.helm.release.v1.prometheus.v${revision}`),
  data: {
    release: Buffer.from(gzipSync(JSON.stringify({ manifest })).toString("base64")).toString(
      "base64",
    ),
  },
  metadata: {
    name: `sh.helm.release.v1.prometheus.v${revision}`,
    namespace: "ml",
    labels: { owner: "helm", name: "prometheus" },
  },
});

test("what the CLI was creating is deleted, and nothing that the state or another user has created", async () => {
  put(object("Deployment", "mlflow"), object("Service", "mlflow"));
  put(object("Secret", "password-1a2b"), object("ConfigMap", "theirs", {}, "kubectl-create"));
  // of a program with the same components that shares the namespace
  put(object("Deployment", "neighbour", { [stackAnnotation]: "search/dev" }));
  put(object("PersistentVolumeClaim", "neighbour-data", {}));
  state = knowing(
    { type: "", id: "ml/mlflow", inputs: { kind: "Service", metadata: {} }, outputs: {} },
    { type: "", id: "ml/password-1a2b", inputs: { kind: "Secret", metadata: {} }, outputs: {} },
  );
  expect(await clear()).toEqual([]);
  expect([...objects.keys()]).toEqual([
    "Service mlflow",
    "Secret password-1a2b",
    "ConfigMap theirs",
    "Deployment neighbour",
    "PersistentVolumeClaim neighbour-data",
  ]);
  expect(imported).toBe(0);
});

test("a claim and a namespace that the state does not know stay, to be taken over", async () => {
  put(object("PersistentVolumeClaim", "postgres-data"));
  state = knowing();
  expect((await clear()).map(keyOf)).toEqual(["PersistentVolumeClaim postgres-data"]);
  expect([...objects.keys()]).toEqual(["PersistentVolumeClaim postgres-data"]);

  put({ ...namespace.inputs, apiVersion: "v1" });
  state = { deployment: { resources: [{ type: "random", inputs: {}, outputs: {} }] } };
  expect((await clear()).map(keyOf)).toEqual(["Namespace ml"]);
});

test("a release that was being installed is deleted with its objects, except its claims", async () => {
  const server = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: prometheus}";
  const data = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}";
  put(ofRelease("Deployment", "prometheus"), ofRelease("PersistentVolumeClaim", "data"));
  put(record(1, `${server}\n---\n${data}\n`));
  state = knowing();
  expect(await clear()).toEqual([]);
  expect([...objects.keys()]).toEqual(["PersistentVolumeClaim data"]);
});

test("a record that names objects which Helm did not install for the release deletes none of them", async () => {
  put(object("Deployment", "gateway", {}), ofRelease("Service", "other", "theirs"));
  const named = (kind: string, name: string) =>
    `apiVersion: v1\nkind: ${kind}\nmetadata: {name: ${name}, namespace: kube-system}\n`;
  put(record(1, `${named("Deployment", "gateway")}---\n${named("Service", "other")}`));
  state = knowing();
  await clear();
  expect([...objects.keys()]).toEqual(["Deployment gateway", "Service other"]);
});

test("a release that was being upgraded keeps its objects, and continues from its last revision", async () => {
  put(ofRelease("Deployment", "prometheus"));
  put(record(2, "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: prometheus}"));
  state = knowing(release);
  await clear();
  expect([...objects.keys()]).toEqual(["Deployment prometheus"]);
});

test("the state drops interrupted operations, of which the CLI would warn in every run", async () => {
  state = knowing();
  state.deployment["pending_operations"] = [{ type: "creating", resource: namespace }];
  await clear();
  expect(state.deployment["pending_operations"]).toEqual([]);
});

test("the built-in engine, which records what it starts, and a stack without a state lose nothing", async () => {
  put(object("Deployment", "mlflow"));
  state = knowing();
  expect(await clear({ ...engine, name: "builtin" })).toEqual([]);
  state = { deployment: { resources: [] } };
  expect(await clear()).toEqual([]);
  expect([...objects.keys()]).toEqual(["Deployment mlflow"]);
});
