import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

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
  const { hex } = new random.RandomId(name, { byteLength: bytes, keepers }, opts);
  const room = mostCharacters - suffixLength;
  return pulumi
    .all([stem, hex])
    .apply(([text, suffix]) => `${text.slice(0, room).replace(/-+$/, "")}-${suffix}`);
}

const bytes = 3;
/** The hyphen and two digits for each byte. */
export const suffixLength = 1 + 2 * bytes;
