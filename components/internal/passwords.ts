import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

/** A random password that is made once and kept in the state. A secret. */
export function generatedPassword(
  name: string,
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  return pulumi.secret(
    new random.RandomPassword(name, { length: 32, special: false }, opts).result,
  );
}
