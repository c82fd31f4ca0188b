import { changesBetween } from "../../../local/engine/diff.ts";
import { isAutonamed, replacementOf, withName } from "../../../local/engine/kubernetesRules.ts";
import type { JsonObject } from "../../../local/support/propertyValues.ts";

const replacement = (old: JsonObject, next: JsonObject) =>
  replacementOf(old, changesBetween(old, next), next);
const named = { name: "x", namespace: "n" };

test("a nameless object gets its logical name and a hash that only a replacement changes", () => {
  const first = withName({ kind: "Secret" }, "urn:a", "settings", 1);
  expect(first).toEqual(withName({ kind: "Secret" }, "urn:a", "settings", 1));
  expect((first["metadata"] as JsonObject)["name"]).toMatch(/^settings-[0-9a-f]{8}$/);
  expect(first).not.toEqual(withName({ kind: "Secret" }, "urn:a", "settings", 2));
  expect(isAutonamed(first)).toBe(true);
  const given = { kind: "Secret", metadata: named };
  expect(withName(given, "urn:a", "settings", 1)).toEqual(given);
});

test("changed content of an autonamed Secret or ConfigMap creates a new one before the old one is deleted", () => {
  for (const kind of ["Secret", "ConfigMap"]) {
    const old = withName({ kind, data: { a: "1" } }, "urn:a", "settings", 1);
    const next = withName({ kind, data: { a: "2" } }, "urn:a", "settings", 1);
    expect(replacement(old, next)).toEqual({ because: ["data.a"], deleteFirst: false });
  }
});

test("a Secret with a given name is updated in place, unless it is immutable", () => {
  const old = { kind: "Secret", metadata: named, data: { a: "1" } };
  const next = { ...old, data: { a: "2" } };
  expect(replacement(old, next)).toBeUndefined();
  expect(replacement({ ...old, immutable: true }, { ...next, immutable: true })).toEqual({
    because: ["data.a"],
    deleteFirst: true,
  });
});

const spec = (kind: string, before: JsonObject, after: JsonObject) =>
  replacement({ kind, metadata: named, spec: before }, { kind, metadata: named, spec: after });

test.each([
  ["Job", { template: { a: 1 } }, { template: { a: 2 } }, "spec.template.a"],
  ["Job", { completions: 1 }, { completions: 2 }, "spec.completions"],
  ["Deployment", { selector: { a: "1" } }, { selector: { a: "2" } }, "spec.selector.a"],
  ["StatefulSet", { serviceName: "a" }, { serviceName: "b" }, "spec.serviceName"],
  ["Service", { clusterIP: "None" }, {}, "spec.clusterIP"],
  [
    "PersistentVolumeClaim",
    { storageClassName: "a" },
    { storageClassName: "b" },
    "spec.storageClassName",
  ],
])("%s: %j to %j needs the old one deleted first", (kind, before, after, path) => {
  expect(spec(kind, before, after)).toEqual({ because: [path], deleteFirst: true });
});

test.each([
  ["Job", { parallelism: 1 }, { parallelism: 2 }],
  ["Deployment", { template: { a: 1 } }, { template: { a: 2 } }],
  ["StatefulSet", { replicas: 1, template: { a: 1 } }, { replicas: 2, template: { a: 2 } }],
  ["Service", { ports: [{ port: 1 }] }, { ports: [{ port: 2 }] }],
  [
    "PersistentVolumeClaim",
    { resources: { requests: { storage: "1Gi" } } },
    { resources: { requests: { storage: "2Gi" } } },
  ],
])("%s: %j to %j is an update", (kind, before, after) => {
  expect(spec(kind, before, after)).toBeUndefined();
});

test("another name or namespace is another object: it is created before the old one is deleted", () => {
  const at = (metadata: JsonObject) => ({ kind: "Service", metadata });
  expect(replacement(at(named), at({ ...named, name: "y" }))).toEqual({
    because: ["metadata.name"],
    deleteFirst: false,
  });
  expect(replacement(at(named), at({ ...named, namespace: "m" }))).toEqual({
    because: ["metadata.namespace"],
    deleteFirst: false,
  });
});
