import * as pulumi from "@pulumi/pulumi";
import { googleLabels } from "../../../components/google/googleLabels.ts";

const ours = { "part-of": "mlops-platform", "managed-by": "pulumi" };
const resolved = (labels: ReturnType<typeof googleLabels>) =>
  new Promise((resolve) => pulumi.output(labels).apply(resolve));

test.each([
  ["nothing", undefined, ours],
  ["a label", { team: "blue" }, { ...ours, team: "blue" }],
  ["one of ours", { "part-of": "wine" }, { ...ours, "part-of": "wine" }],
  ["an empty value", { team: "" }, { ...ours, team: "" }],
  ["letters without case", { équipe: "蓝" }, { ...ours, équipe: "蓝" }],
])("given %s", async (_, given, expected) => {
  expect(await resolved(googleLabels("X", given))).toEqual(expected);
});

const alphabet = "lower-case letters, digits, hyphens and underscores alone";

test.each([
  [{ Team: "a" }, `the key "Team" must have 1 to 63 characters, a letter first, and ${alphabet}`],
  [{ "": "a" }, `the key "" must have 1 to 63 characters, a letter first, and ${alphabet}`],
  [{ "1st": "a" }, `the key "1st" must have 1 to 63 characters, a letter first, and ${alphabet}`],
  [
    { "example.org/team": "a" },
    `the key "example.org/team" must have 1 to 63 characters, a letter first, and ${alphabet}`,
  ],
  [
    { ["k".repeat(64)]: "a" },
    `the key "${"k".repeat(64)}" must have 1 to 63 characters, a letter first, and ${alphabet}`,
  ],
  [{ "goog-team": "a" }, 'the key "goog-team" must not begin with "goog", which is Google\'s own'],
])("refuses the key of %j", (labels, rule) => {
  expect(() => googleLabels("X", labels)).toThrow(`X: labels: ${rule}`);
});

test.each([{ team: "Blue" }, { team: "b".repeat(64) }, { team: "a b" }])(
  "refuses the value of %j",
  (labels) => {
    expect(() => googleLabels("X", labels)).toThrow(
      `X: labels.team must have 63 characters at most, and ${alphabet}`,
    );
  },
);

test("refuses more labels than Google takes", () => {
  const labels = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`label-${index}`, "a"]));
  expect(() => googleLabels("X", labels(62))).not.toThrow();
  expect(() => googleLabels("X", labels(63))).toThrow("X: labels must be 62 at most, beside ours");
});
