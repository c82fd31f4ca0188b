import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

/**
 * The arguments as the engine records them for a component: those at the given paths, such as `users` and
 * `tracking.users`, are encrypted in the state, even where the caller passed them in plaintext. Values that
 * depend on another resource are left out: the component, and with it every child, would wait for that resource.
 */
export function withSecret(args: object, ...confidential: string[]): pulumi.Inputs {
  const recorded = known(args) as pulumi.Inputs;
  for (const path of confidential) {
    const keys = path.split(".");
    const last = keys.pop()!;
    const holder = keys.reduce<pulumi.Inputs | undefined>(
      (inner, key) => inner?.[key] as pulumi.Inputs | undefined,
      recorded,
    );
    if (holder?.[last] !== undefined) holder[last] = pulumi.secret(holder[last]);
  }
  return recorded;
}

/** The same value without any output or resource inside it. */
function known(value: unknown): unknown {
  if (pulumi.Output.isInstance(value) || value instanceof Promise) return undefined;
  if (pulumi.Resource.isInstance(value)) return undefined;
  if (Array.isArray(value)) return value.map(known);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, known(inner)]));
}

const generated =
  (length: number) =>
  (name: string, opts: pulumi.CustomResourceOptions): pulumi.Output<string> =>
    pulumi.secret(new random.RandomPassword(name, { length, special: false }, opts).result);

/** A random password that is made once and kept in the state. A secret. */
export const generatedPassword = generated(32);

/** What cookies are encrypted with: 43 letters and digits, which base64url reads as 32 bytes. A secret. */
export const generatedCookieSecret = generated(43);
