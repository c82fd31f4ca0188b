import type * as pulumi from "@pulumi/pulumi";
import { ensure, refuse } from "../core/checks.ts";
import { googleRegions, isZone, multiRegions, zonesOf } from "./googleRegions.ts";

/*
 * What Google refuses only minutes into a deployment, and its provider not at all in a preview, is refused here
 * before anything is registered.
 */

/** A service account's id: what stands before the @ of its address. */
export const isAccountId = (value: string) => /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/.test(value);

/** A project's id, not its name or number. The two words come of a setting that is missing; Google bars them. */
export const isProjectId = (value: string) => isAccountId(value) && !/undefined|null/.test(value);

export const checkedProject = (subject: string, project: pulumi.Input<string>) =>
  ensure(
    subject,
    "project",
    project,
    isProjectId,
    "be a project's id, as `gcloud projects list` prints it: 6 to 30 lower-case letters, digits and hyphens, a letter first and no hyphen last",
  );

export const checkRegion = (subject: string, region: string, argument = "region") =>
  checkPlace(subject, argument, region, googleRegions, "a region of Google Cloud");

/** A region, or one zone of it. */
export const checkZoneOrRegion = (subject: string, location: string, argument = "location") => {
  const zones = googleRegions.flatMap(zonesOf);
  const places = isZone(location) ? zones : googleRegions;
  checkPlace(subject, argument, location, places, "a region or a zone of Google Cloud");
};

/** Where a bucket may be. */
export const checkBucketLocation = (subject: string, location: string) => {
  const places = [...googleRegions, ...multiRegions];
  checkPlace(subject, "location", location, places, "a region of Google Cloud, US, EU or ASIA");
};

function checkPlace(
  subject: string,
  argument: string,
  place: string,
  places: readonly string[],
  what: string,
): void {
  if (places.includes(place)) return;
  const meant = nearest(String(place), places);
  const isNear = distance(String(place), meant) <= meant.length / 2;
  const hint = isNear ? `the nearest is ${meant}` : "`gcloud compute regions list` prints them";
  refuse(subject, true, `${argument} must be ${what}, not "${place}"; ${hint}`);
}

/** The candidate that takes the fewest letters to change, for "did you mean". */
export function nearest(word: string, candidates: readonly string[]): string {
  const distances = candidates.map((candidate) => distance(word, candidate));
  return candidates[distances.indexOf(Math.min(...distances))]!;
}

/** Levenshtein's distance, blind to case. */
function distance(one: string, other: string): number {
  const [from, to] = [one.toLowerCase(), other.toLowerCase()];
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let line = 1; line <= from.length; line++) {
    const above = row;
    row = [line];
    for (let column = 1; column <= to.length; column++) {
      const change = above[column - 1]! + (from[line - 1] === to[column - 1] ? 0 : 1);
      row.push(Math.min(change, above[column]! + 1, row[column - 1]! + 1));
    }
  }
  return row.at(-1)!;
}

/** What is wrong with a bucket's name, or undefined. Completes "the name must …". */
export function bucketNameFault(name: string): string | undefined {
  const rules: [holds: boolean, rule: string][] = [
    [name.length >= 3 && name.length <= 63, "have 3 to 63 characters"],
    // a name with dots is a domain whose ownership Google wants to see proven
    [/^[a-z0-9_-]*$/.test(name), "have lower-case letters, digits, hyphens and underscores alone"],
    [/^[a-z0-9].*[a-z0-9]$/s.test(name), "begin and end with a letter or a digit"],
    [!name.startsWith("goog"), 'not begin with "goog", which is Google\'s own'],
    [!/google|g00gle|go0gle|g0ogle/.test(name), 'not contain "google" or what looks like it'],
  ];
  return rules.find(([holds]) => !holds)?.[1];
}

/** A range of IPv4 addresses, its first and last as numbers. */
export interface AddressRange {
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

/** Reads a range such as `10.0.0.0/16`; undefined where it is none, or where bits behind the prefix are set. */
export function addressRange(cidr: string): AddressRange | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  if (!parts) return undefined;
  const [a, b, c, d, prefix] = parts.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  if (Math.max(a, b, c, d) > 255 || prefix > 32) return undefined;
  const first = ((a * 256 + b) * 256 + c) * 256 + d;
  const size = 2 ** (32 - prefix);
  return first % size === 0 ? { first, last: first + size - 1, prefix } : undefined;
}

export const rangesOverlap = (one: AddressRange, other: AddressRange) =>
  one.first <= other.last && other.first <= one.last;
