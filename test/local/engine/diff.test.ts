import fc from "fast-check";
import {
  changesBetween,
  formatPath,
  isUnder,
  parsePath,
  withIgnored,
} from "../../../local/engine/diff.ts";
import { secret, unknownValue } from "../../../local/engine/values.ts";
import type { Json } from "../../../local/engine/values.ts";

const described = (old: Json, next: Json) =>
  changesBetween(old, next).map(({ path, kind, old, new: to }) => [
    formatPath(path),
    kind,
    old,
    to,
  ]);

test("changes are named by property path, with both values", () => {
  expect(
    described(
      { spec: { replicas: 1, ports: [80, 81], gone: true } },
      { spec: { replicas: 2, ports: [80], "a.b/c": "x" } },
    ),
  ).toEqual([
    ["spec.replicas", "change", "1", "2"],
    ["spec.ports[1]", "delete", "81", undefined],
    ["spec.gone", "delete", "true", undefined],
    ['spec["a.b/c"]', "add", undefined, '"x"'],
  ]);
});

test("secrets are compared, but never shown", () => {
  expect(described({ a: secret("one") }, { a: secret("one") })).toEqual([]);
  expect(described({ a: "one" }, { a: secret("one") })).toEqual([]);
  expect(described({ a: secret({ b: "one" }) }, { a: secret({ b: "two" }) })).toEqual([
    ["a.b", "change", "[secret]", "[secret]"],
  ]);
  expect(described({}, { a: { b: secret("two") } })).toEqual([
    ["a", "add", undefined, '{"b":"[secret]"}'],
  ]);
});

test("of long texts the part that differs is shown", () => {
  const common = "x".repeat(200);
  expect(described({ a: `${common}1` }, { a: `${common}2` })).toEqual([
    ["a", "change", `"...${"x".repeat(20)}1"`, `"...${"x".repeat(20)}2"`],
  ]);
});

test("a value that only the update brings counts as a change", () => {
  expect(described({ a: "x" }, { a: unknownValue })).toEqual([
    ["a", "change", '"x"', "[known after the update]"],
  ]);
});

test.each([
  ["spec.replicas", ["spec", "replicas"]],
  ["spec.containers[0].image", ["spec", "containers", 0, "image"]],
  ["spec.containers[*].image", ["spec", "containers", "*", "image"]],
  ['metadata.annotations["a.b/c"]', ["metadata", "annotations", "a.b/c"]],
])("the property path %s is read as Pulumi reads it", (text, path) => {
  expect(parsePath(text)).toEqual(path);
});

test("a path is under its ancestors and wildcards only", () => {
  expect(isUnder(["spec", "template", "spec"], parsePath("spec.template"))).toBe(true);
  expect(isUnder(["spec", "containers", 1, "image"], parsePath("spec.containers[*].image"))).toBe(
    true,
  );
  expect(isUnder(["spec"], parsePath("spec.template"))).toBe(false);
  expect(isUnder(["spec", "templates"], parsePath("spec.template"))).toBe(false);
});

test("ignored properties keep their old value, at any depth, behind secrets and wildcards", () => {
  const old = { data: secret({ a: "old" }), spec: { replicas: 1, list: [{ x: 1 }, { x: 2 }] } };
  const next = {
    data: secret({ a: "new" }),
    spec: { replicas: 5, list: [{ x: 8 }, { x: 9 }], y: 1 },
  };
  expect(withIgnored(old, next, ["data.a", "spec.replicas", "spec.list[*].x", "spec.y"])).toEqual(
    old,
  );
  expect(next.spec.replicas).toBe(5);
});

test("equal values never differ, and ignoring a key always ends its changes", () => {
  const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json);
  fc.assert(
    fc.property(json, (value) => changesBetween(value, structuredClone(value)).length === 0),
  );
  fc.assert(
    fc.property(json, json, (before, after) => {
      const kept = withIgnored({ a: before }, { a: after }, ["a"]);
      return changesBetween({ a: before }, kept).length === 0;
    }),
  );
});
