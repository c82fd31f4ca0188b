import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { StringMap } from "../kubernetes/arguments.ts";

/**
 * A globally unique name, known long before its resource exists, so that rights to it can be granted in the meantime.
 * @param keepers values that cannot change in place; a new value gives a new name, so that the new resource can be
 *   created before the old one is deleted
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
