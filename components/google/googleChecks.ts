import type * as pulumi from "@pulumi/pulumi";
import { ensure, refuse } from "../core/checks.ts";
import { distance, nearest } from "../core/nearest.ts";
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
