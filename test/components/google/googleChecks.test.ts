import { addressRange, rangesOverlap } from "../../../components/core/addressRanges.ts";
import { nearest } from "../../../components/core/nearest.ts";
import { type Rule, Check } from "../../../components/core/checks.ts";
import {
  accountId,
  googleLabels,
  location,
  project,
  region,
} from "../../../components/google/googleChecks.ts";
import { labelsAtGoogle } from "../../../components/google/googleNames.ts";
import { googleRegions, zonesOf } from "../../../components/google/googleRegions.ts";

/** What a rule says about a value: faults, and warnings. */
function found(rule: Rule, value: unknown, argument = "it") {
  const check = new Check("X");
  check.hold(argument, value, rule);
  const { faults, warnings } = check.found;
  return { faults: faults.map(({ reason }) => reason), warnings };
}
const nothing = { faults: [], warnings: [] };

test.each([
  ["wine-ml", true],
  ["wine12", true],
  ["w".repeat(30), true],
  ["", false],
  ["wine1", false],
  ["w".repeat(31), false],
  ["1wine-ml", false],
  ["wine-ml-", false],
  ["Wine-ml", false],
  ["wine_ml", false],
  ["wine ml", false],
  ["123456789012", false],
  ["wine-ml\n", false],
  // a setting that is missing, put into a text
  ["undefined", false],
  ["null-project", false],
])("the project id %j is valid: %s", (id, valid) => {
  expect(found(project, id).faults).toHaveLength(valid ? 0 : 1);
});

test.each([undefined, ""])("a project that is %j is missing", (id) => {
  expect(found(project, id).faults).toEqual(["it must be given"]);
});

test("an account may have names that a project may not", () => {
  expect(found(accountId, "null-account")).toEqual(nothing);
});

test("every region and zone is accepted, each once", () => {
  expect(new Set(googleRegions).size).toBe(googleRegions.length);
  for (const name of googleRegions) {
    expect(found(region, name)).toEqual(nothing);
    for (const zone of zonesOf(name)) expect(found(location, zone)).toEqual(nothing);
  }
});

test.each([
  ["europe-west", "europe-west1"],
  ["US-CENTRAL1", "us-central1"],
  ["us-central1-a", "us-central1"],
])("the region %s is malformed and refused, with %s as an example", (given, meant) => {
  expect(found(region, given)).toEqual({
    faults: [`it must be a region of Google Cloud such as ${meant}, not "${given}"`],
    warnings: [],
  });
});

test.each([
  [region, "europe-west99", "a region of Google Cloud", "europe-west9"],
  [location, "europe-west99", "a region or a zone of Google Cloud", "europe-west9"],
  [location, "europe-west1-a", "a region or a zone of Google Cloud", "europe-west1-b"],
])("a place that is not known yet is warned about and taken: %#", (rule, given, what, meant) => {
  expect(found(rule, given)).toEqual({
    faults: [],
    warnings: [
      `it is "${given}", which is not ${what} that is known here; if Google does not know it either, the deployment fails; the nearest known is ${meant}`,
    ],
  });
});

const ours = { "part-of": "mlops-platform", "managed-by": "pulumi" };

test.each([
  ["nothing", undefined, ours],
  ["a label", { team: "blue" }, { ...ours, team: "blue" }],
  ["one of the platform's", { "part-of": "wine" }, { ...ours, "part-of": "wine" }],
  ["an empty value", { team: "" }, { ...ours, team: "" }],
  ["letters without case", { équipe: "蓝" }, { ...ours, équipe: "蓝" }],
])("labels at Google, given %s", (_, given, expected) => {
  expect(found(googleLabels, given)).toEqual(nothing);
  expect(labelsAtGoogle(given)).toEqual(expected);
});

const alphabet = "lower-case letters, digits, hyphens and underscores only";
const keyRule = `must have 1 to 63 characters, a letter first, and ${alphabet}`;

test.each([
  ["Team", keyRule],
  ["", keyRule],
  ["1st", keyRule],
  ["example.org/team", keyRule],
  ["k".repeat(64), keyRule],
  ["goog-team", 'must not begin with "goog", which is Google\'s own'],
])("the key %j of a label is refused", (key, rule) => {
  expect(found(googleLabels, { [key]: "a" }, "labels").faults).toEqual([
    `labels: the key "${key}" ${rule}`,
  ]);
});

test.each(["Blue", "b".repeat(64), "a b"])("the value %j of a label is refused", (team) => {
  expect(found(googleLabels, { team }, "labels").faults).toEqual([
    `labels.team must have at most 63 characters, and ${alphabet}`,
  ]);
});

test("more labels than Google allows are refused", () => {
  const labels = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`label-${index}`, "a"]));
  expect(found(googleLabels, labels(62))).toEqual(nothing);
  expect(found(googleLabels, labels(63)).faults).toEqual([
    "it must be 62 at most, in addition to the platform's own",
  ]);
});

test.each([
  ["", ["b", "aa"], "b"],
  ["abc", ["abd", "abc"], "abc"],
  ["kitten", ["sitting", "mitten"], "mitten"],
])("the nearest to %j among %j is %s", (word, candidates, expected) => {
  expect(nearest(word, candidates)).toBe(expected);
});

test.each([
  ["10.0.0.0/8", { first: 0x0a000000, last: 0x0affffff, prefix: 8 }],
  ["192.168.4.0/22", { first: 0xc0a80400, last: 0xc0a807ff, prefix: 22 }],
  ["255.255.255.255/32", { first: 0xffffffff, last: 0xffffffff, prefix: 32 }],
  ["0.0.0.0/0", { first: 0, last: 0xffffffff, prefix: 0 }],
  // bits behind the prefix
  ["10.0.0.1/24", undefined],
  ["10.0.4.0/21", undefined],
  ["10.0.0.256/32", undefined],
  ["10.0.0.0/33", undefined],
  ["10.0.0/24", undefined],
  ["10.0.0.0", undefined],
  ["fd00::/8", undefined],
  [" 10.0.0.0/8", undefined],
])("the range %j is %j", (text, range) => {
  expect(addressRange(text)).toEqual(range);
});

test.each([
  ["10.0.0.0/24", "10.0.1.0/24", false],
  ["10.0.0.0/24", "10.0.0.128/25", true],
  ["10.0.0.128/25", "10.0.0.0/24", true],
  ["10.0.0.0/8", "10.0.0.0/8", true],
])("%s and %s overlap: %s", (one, other, expected) => {
  expect(rangesOverlap(addressRange(one)!, addressRange(other)!)).toBe(expected);
});
