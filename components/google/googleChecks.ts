import { type Combination, map, matches, must, required, type Rule } from "../core/checks.ts";
import { nearest } from "../core/nearest.ts";
import { googleRegions, isZone, multiRegions, zonesOf } from "./googleRegions.ts";

/*
 * Checks before anything is registered what Google refuses only minutes into a deployment, and its provider never in a
 * preview.
 */

/** A service account's id: what stands before the @ of its address. */
const isAccountId = (value: unknown) =>
  typeof value === "string" && /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/.test(value);

export const accountId = must(
  "have 6 to 30 lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen",
  isAccountId,
);

/** A project's id, not its name or number. The two words come from a missing setting; Google does not allow them. */
export const projectId = must<string>(
  "be a project's id, as `gcloud projects list` prints it: 6 to 30 lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen",
  (value) => isAccountId(value) && !/undefined|null/.test(value),
);

/** Google's lists grow: what has the form of a name and is not among those known here is warned about. */
export const knownName =
  (form: RegExp, known: readonly string[], what: string): Rule =>
  (check, value) => {
    if (value === undefined || known.includes(value as string)) return value;
    const meant = nearest(String(value), known);
    if (typeof value !== "string" || !form.test(value)) {
      return check.must(`be ${what} such as ${meant}${check.not(value)}`);
    }
    check.warn(
      `${check.path} is "${value}", which is not ${what} that is known here; if Google does not know it either, the deployment fails; the nearest known is ${meant}`,
    );
    return value;
  };

const regionForm = /^[a-z]+-[a-z]+[0-9]+$/;
const zoneForm = /^[a-z]+-[a-z]+[0-9]+-[a-z]$/;
const zones = googleRegions.flatMap(zonesOf);

export const region = knownName(regionForm, googleRegions, "a region of Google Cloud");
export const zone = knownName(zoneForm, zones, "a zone of Google Cloud");
const zoneOrRegion = "a region or a zone of Google Cloud";

/** A region, or one zone of it. */
export const location: Rule = (check, value) =>
  typeof value === "string" && isZone(value)
    ? knownName(zoneForm, zones, zoneOrRegion)(check, value)
    : knownName(regionForm, googleRegions, zoneOrRegion)(check, value);

export const bucketLocation = knownName(
  /^([a-z]+-[a-z]+[0-9]+|[A-Z]{2,4}[0-9]?)$/,
  [...multiRegions, ...googleRegions],
  "a region of Google Cloud, US, EU or ASIA,",
);

/** What is wrong with a bucket's name, or undefined. Completes "the name must …". */
export function bucketNameFault(name: string): string | undefined {
  const rules: [holds: boolean, rule: string][] = [
    [name.length >= 3 && name.length <= 63, "have 3 to 63 characters"],
    // a name with dots is a domain, and Google requires proof of its ownership
    [/^[a-z0-9_-]*$/.test(name), "have lower-case letters, digits, hyphens and underscores only"],
    [/^[a-z0-9].*[a-z0-9]$/s.test(name), "begin and end with a letter or a digit"],
    [!name.startsWith("goog"), 'not begin with "goog", which is Google\'s own'],
    [!/google|g00gle|go0gle|g0ogle/.test(name), 'not contain "google" or what looks like it'],
  ];
  return rules.find(([holds]) => !holds)?.[1];
}

/** Pulumi appends a hyphen and seven characters to the names it makes. */
const suffixLength = 8;

/**
 * Refuses a component's name that cannot become a name on Google Cloud.
 * @param longest the longest name that the component derives from it, and Google's limit
 */
export const nameAtGoogle =
  (name: string, { longest, limit }: { longest: string; limit: number }): Combination<unknown> =>
  (check) => {
    const most = limit - suffixLength - (longest.length - name.length);
    const why = "for names at Google are made of it";
    check.refuse(
      "name",
      !/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name),
      `its name must be lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen, ${why}`,
    );
    check.refuse(
      "name",
      name.length > most,
      `its name must have at most ${most} characters, ${why}`,
    );
  };

const labelKey = /^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u;
const characters = "lower-case letters, digits, hyphens and underscores only";
const labelValue = matches(
  /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u,
  `have at most 63 characters, and ${characters}`,
);

/** Labels of resources on Google Cloud, in addition to the platform's own two. */
export const googleLabels: Rule = (check, value) => {
  const names = typeof value === "object" && value !== null ? Object.keys(value) : [];
  if (names.length > 62) check.must("be 62 at most, in addition to the platform's own");
  for (const name of names) {
    const fault =
      (!labelKey.test(name) && `have 1 to 63 characters, a letter first, and ${characters}`) ||
      (name.startsWith("goog") && 'not begin with "goog", which is Google\'s own');
    if (fault) check.fault(`${check.path}: the key "${name}" must ${fault}`);
  }
  return map(labelValue)(check, value);
};

/** The project in which a component's resources are created and billed. */
export const project = required(projectId);
