import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { StringMap } from "../kubernetes/arguments.ts";

/**
 * A name that nobody else has, known long before what bears it exists: rights to it can be granted meanwhile.
 * @param keepers what cannot change in place; with another value there is another name, so that the new thing can
 *   be made before the old one goes
 */
export function uniqueName(
  name: string,
  stem: pulumi.Input<string>,
  mostCharacters: number,
  keepers: { [key: string]: pulumi.Input<string> },
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const { hex } = new random.RandomId(name, { byteLength: 3, keepers }, opts);
  return pulumi
    .all([stem, hex])
    .apply(([text, digits]) => withSuffix(text, digits, mostCharacters));
}

/** The stem, cut where it is too long, and the six digits. */
export function withSuffix(stem: string, digits: string, mostCharacters: number): string {
  const room = mostCharacters - digits.length - 1;
  return `${stem.slice(0, room).replace(/-+$/, "")}-${digits}`;
}

/** Labels of everything that a component makes at Google: the platform's, and the caller's over them. */
export const labelsAtGoogle = (labels: StringMap = {}): StringMap => ({
  "part-of": "mlops-platform",
  "managed-by": "pulumi",
  ...labels,
});
