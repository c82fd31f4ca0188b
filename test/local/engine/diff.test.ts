import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { changesBetween, formatPath } from "../../../local/engine/diff.ts";
import {
  type Json,
  type JsonObject,
  secret,
  unknownValue,
} from "../../../local/support/propertyValues.ts";

const described = (old: JsonObject, next: JsonObject) =>
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

test("only the differing part of long texts is shown", () => {
  const common = "x".repeat(200);
  expect(described({ a: `${common}1` }, { a: `${common}2` })).toEqual([
    ["a", "change", `"...${"x".repeat(20)}1"`, `"...${"x".repeat(20)}2"`],
  ]);
});

test("a value that is known only after the update counts as a change", () => {
  expect(described({ a: "x" }, { a: unknownValue })).toEqual([
    ["a", "change", '"x"', "[known after the update]"],
  ]);
});

test("equal values never differ, and a difference is never missed", () => {
  const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json);
  fc.assert(fc.property(json, (a) => changesBetween({ a }, structuredClone({ a })).length === 0));
  fc.assert(
    fc.property(json, json, (before, after) => {
      const isSame = isDeepStrictEqual(before, after);
      return (changesBetween({ a: before }, { a: after }).length === 0) === isSame;
    }),
  );
});

test("a property that every object inherits is a property like any other", () => {
  expect(described({ labels: {} }, { labels: { constructor: "x" } })).toEqual([
    ["labels.constructor", "add", undefined, '"x"'],
  ]);
});
