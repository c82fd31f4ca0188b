import { createHash } from "node:crypto";

/** With what stands before and after it, a name of Kubernetes has at most 63 characters, a CronJob's 52. */
const mostCharacters = 32;
const hashCharacters = 6;

/**
 * A name as a part of other names: lower-case letters, digits and single hyphens. A name that is not of this form, or
 * too long, gets a hash at its end, so that two names never share a slug.
 */
export function slugOf(name: string): string {
  const plain = hyphenated(name.toLowerCase());
  if (plain === name && plain.length <= mostCharacters) return plain;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, hashCharacters);
  return hyphenated(`${plain.slice(0, mostCharacters - hashCharacters - 1)}-${hash}`);
}

const hyphenated = (text: string) => text.replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "");
