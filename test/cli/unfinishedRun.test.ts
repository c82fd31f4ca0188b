import { gzipSync } from "node:zlib";
import type { Engine } from "../../cli/engine.ts";
import { clearUnfinished, unfinishedIn } from "../../cli/unfinishedRun.ts";
import type { KubernetesClient } from "../../local/support/kubernetesClient.ts";
import { type JsonObject, textAt } from "../../local/support/propertyValues.ts";

// What a run of the Pulumi CLI leaves in its state when it is killed, and a cluster that keeps what it is given.
let objects: Map<string, JsonObject>;
let state: JsonObject;
beforeEach(() => {
  objects = new Map();
  jest.spyOn(console, "error").mockReturnValue();
});
afterEach(() => jest.restoreAllMocks());

const keyOf = (object: JsonObject) =>
  `${textAt(object, "kind")} ${textAt(object, "metadata", "name")}`;
const put = (...ones: JsonObject[]) => ones.forEach((one) => objects.set(keyOf(one), one));
const client = {
  get: async (object: JsonObject) => objects.get(keyOf(object)),
  delete: async (object: JsonObject) => void objects.delete(keyOf(object)),
  request: async () => ({ items: [...objects.values()].filter(({ type }) => type === "helm") }),
} as unknown as KubernetesClient;
const engine = {
  exportState: async () => JSON.stringify(state),
  importState: async (text: string) => void (state = JSON.parse(text) as JsonObject),
} as Engine;

const object = (kind: string, name: string, apiVersion = "v1") => ({
  apiVersion,
  kind,
  metadata: { name, namespace: "ml" },
});
const resource = (inputs: JsonObject) => {
  const { apiVersion, kind } = inputs as { [key: string]: string };
  const group = apiVersion!.includes("/") ? apiVersion : `core/${apiVersion}`;
  return { urn: `urn:${kind}`, type: `kubernetes:${group}:${kind}`, inputs };
};
const release = {
  urn: "urn:release",
  type: "kubernetes:helm.sh/v3:Release",
  inputs: { name: "prometheus", namespace: "ml" },
};
const record = (revision: number, status: string, manifest = "") => ({
  ...object("Secret", `sh.helm.release.v1.prometheus.v${revision}`),
  type: "helm",
  data: {
    release: Buffer.from(gzipSync(JSON.stringify({ manifest })).toString("base64")).toString(
      "base64",
    ),
  },
  metadata: {
    name: `sh.helm.release.v1.prometheus.v${revision}`,
    namespace: "ml",
    labels: { status },
  },
});
const killedWhile = (type: string, ...ones: JsonObject[]) => ({
  version: 3,
  deployment: {
    resources: [] as JsonObject[],
    pending_operations: ones.map((one) => ({ type, resource: one })),
  },
});
const mlflow = object("Deployment", "mlflow", "apps/v1");

test("an object that was being created is deleted, and the state forgets that it was begun", async () => {
  put(mlflow, object("Deployment", "theirs", "apps/v1"));
  state = killedWhile("creating", resource(mlflow));
  expect(await clearUnfinished(engine, client)).toBe(false);
  expect([...objects.keys()]).toEqual(["Deployment theirs"]);
  expect(state).toEqual(killedWhile("creating"));
});

test("a claim and a namespace stay, may be taken over, and are not others' things", async () => {
  const claim = object("PersistentVolumeClaim", "postgres-data");
  put(claim);
  state = killedWhile("creating", resource(claim));
  expect(await clearUnfinished(engine, client)).toBe(true);
  expect([...objects.keys()]).toEqual(["PersistentVolumeClaim postgres-data"]);
  expect(unfinishedIn(JSON.stringify(state))).toEqual([resource(claim)]);
});

test("what the state has meanwhile, from a later run, is left alone", async () => {
  put(mlflow);
  const begun = killedWhile("creating", resource(mlflow));
  begun.deployment.resources = [{ ...resource(mlflow), id: "ml/mlflow" }];
  state = begun;
  expect(await clearUnfinished(engine, client)).toBe(false);
  expect([...objects.keys()]).toEqual(["Deployment mlflow"]);
  expect(state).toMatchObject({ deployment: { pending_operations: [] } });
});

test("a release that was being installed goes with its objects, but for its claims", async () => {
  const server = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: prometheus}";
  const data = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}";
  put(object("Deployment", "prometheus", "apps/v1"), object("PersistentVolumeClaim", "data"));
  put(record(1, "pending-install", `${server}\n---\n${data}\n`));
  state = killedWhile("creating", release);
  await clearUnfinished(engine, client);
  expect([...objects.keys()]).toEqual(["PersistentVolumeClaim data"]);
});

test("a release that was being upgraded goes on from its last revision", async () => {
  put(record(1, "deployed"), record(2, "pending-upgrade"));
  state = killedWhile("updating", release);
  await clearUnfinished(engine, client);
  expect([...objects.keys()]).toEqual(["Secret sh.helm.release.v1.prometheus.v1"]);
});

test("a state without a killed run, and one of the built-in engine, are not touched", async () => {
  const importState = jest.spyOn(engine, "importState");
  for (const none of [killedWhile("creating"), { resources: [] }]) {
    state = none;
    expect(await clearUnfinished(engine, client)).toBe(false);
  }
  expect(importState).not.toHaveBeenCalled();
});
