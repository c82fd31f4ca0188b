import * as pulumi from "@pulumi/pulumi";
import { mergeValues } from "../../../components/monitoring/chartValues.ts";

const ours = { server: { retention: "15d", args: ["a", "b"] }, alertmanager: { enabled: true } };

test.each([
  ["nothing", undefined, ours],
  ["no values", {}, ours],
  [
    "a value",
    { server: { retention: "1d" } },
    { ...ours, server: { retention: "1d", args: ["a", "b"] } },
  ],
  [
    "a list, which is replaced",
    { server: { args: ["c"] } },
    { ...ours, server: { retention: "15d", args: ["c"] } },
  ],
  ["something new", { extra: { deep: 1 } }, { ...ours, extra: { deep: 1 } }],
  ["a value in place of a map", { alertmanager: 1 }, { ...ours, alertmanager: 1 }],
  [
    "a map in place of a value",
    { server: { retention: { time: "1d" } } },
    { ...ours, server: { retention: { time: "1d" }, args: ["a", "b"] } },
  ],
  ["null, which takes ours away", { server: null }, { alertmanager: { enabled: true } }],
  ["a value that is not given", { server: undefined }, ours],
  [
    "false and 0",
    { alertmanager: { enabled: false, size: 0 } },
    { ...ours, alertmanager: { enabled: false, size: 0 } },
  ],
])("the caller gives %s", (_, theirs, merged) => {
  const before = structuredClone(ours);
  expect(mergeValues(ours, theirs)).toEqual(merged);
  expect(ours).toEqual(before);
});

test("an output is never treated as a map", () => {
  const later = pulumi.output({ retention: "1d" });
  expect(mergeValues(ours, { server: later })["server"]).toBe(later);
  expect(mergeValues({ server: later }, { server: { retention: "2d" } })).toEqual({
    server: { retention: "2d" },
  });
});
