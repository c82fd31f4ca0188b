import * as pulumi from "@pulumi/pulumi";

/**
 * The arguments as the engine records them for a component: those named are encrypted in the state, even where the
 * caller gave them in the clear. What another resource has yet to tell is left out: the component would wait for it,
 * and every child with it, though one alone needs it.
 */
export function withSecret<Args extends object>(
  args: Args,
  ...confidential: (keyof Args)[]
): pulumi.Inputs {
  const recorded = known(args) as pulumi.Inputs;
  for (const name of confidential as string[]) {
    if (recorded[name] !== undefined) recorded[name] = pulumi.secret(recorded[name]);
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
