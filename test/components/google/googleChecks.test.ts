import { addressRange, rangesOverlap } from "../../../components/core/addressRanges.ts";
import { nearest } from "../../../components/core/nearest.ts";
import {
  checkedProject,
  checkRegion,
  checkZoneOrRegion,
  isAccountId,
  isProjectId,
} from "../../../components/google/googleChecks.ts";
import { googleRegions, zonesOf } from "../../../components/google/googleRegions.ts";

const message = (check: () => unknown): string => {
  try {
    check();
  } catch (error) {
    return (error as Error).message;
  }
  return "";
};

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
  expect(isProjectId(id)).toBe(valid);
});

test("a project that is not given is refused as one", () => {
  const absent = undefined as unknown as string;
  expect(message(() => checkedProject("X", absent))).toContain("X: project must be a project's id");
});

test("an account may be called what a project may not", () => {
  expect(isAccountId("null-account")).toBe(true);
});

test("every region and zone is accepted, each once", () => {
  expect(new Set(googleRegions).size).toBe(googleRegions.length);
  for (const region of googleRegions) {
    expect(region).toMatch(/^[a-z]+-[a-z]+[0-9]+$/);
    expect(message(() => checkRegion("X", region))).toBe("");
    for (const zone of zonesOf(region))
      expect(message(() => checkZoneOrRegion("X", zone))).toBe("");
  }
});

test.each([
  ["europe-west", "europe-west1"],
  ["us-centrall", "us-central1"],
  ["US-CENTRAL1", "us-central1"],
  ["europe-west1-b", "europe-west1"],
])("the region %s is refused, with %s as the nearest", (given, meant) => {
  expect(message(() => checkRegion("X", given, "gcpRegion"))).toBe(
    `X: gcpRegion must be a region of Google Cloud, not "${given}"; the nearest is ${meant}`,
  );
});

test.each([
  ["europe-west1-a", "europe-west1-b"],
  ["us-central1-e", "us-central1-a"],
  ["europe-west1b", "europe-west1"],
])("the place %s is refused, with %s as the nearest", (given, meant) => {
  expect(message(() => checkZoneOrRegion("X", given))).toBe(
    `X: location must be a region or a zone of Google Cloud, not "${given}"; the nearest is ${meant}`,
  );
});

test("a region that is like none is refused with the command that lists them", () => {
  expect(message(() => checkRegion("X", "frankfurt"))).toBe(
    'X: region must be a region of Google Cloud, not "frankfurt"; `gcloud compute regions list` prints them',
  );
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
