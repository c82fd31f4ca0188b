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

/** What cookies are encrypted with: 43 letters and digits, which base64url reads as 32 bytes. A secret. */
export function generatedCookieSecret(
  name: string,
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  return pulumi.secret(
    new random.RandomPassword(name, { length: 43, special: false }, opts).result,
  );
}
