import type * as pulumi from "@pulumi/pulumi";
import { ensure, refuse } from "../core/checks.ts";
import type { StringMap } from "../kubernetes/arguments.ts";

const key = /^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u;
const value = /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u;
const characters = "lower-case letters, digits, hyphens and underscores alone";

/**
 * Labels of everything that a component makes at Google. The caller's come on top; they are checked, so call it
 * before anything is registered.
 */
export function googleLabels(
  subject: string,
  labels: StringMap = {},
): { [key: string]: pulumi.Input<string> } {
  const all: StringMap = {
    "part-of": "mlops-platform",
    "managed-by": "pulumi",
    ...labels,
  };
  refuse(subject, Object.keys(all).length > 64, "labels must be 62 at most, beside ours");
  for (const name of Object.keys(labels)) {
    const fault =
      (!key.test(name) && `have 1 to 63 characters, a letter first, and ${characters}`) ||
      (name.startsWith("goog") && 'not begin with "goog", which is Google\'s own');
    refuse(subject, Boolean(fault), `labels: the key "${name}" must ${fault}`);
  }
  return Object.fromEntries(
    Object.entries(all).map(([name, given]) => [
      name,
      ensure(
        subject,
        `labels.${name}`,
        given,
        (text) => value.test(text),
        `have 63 characters at most, and ${characters}`,
      ),
    ]),
  );
}
