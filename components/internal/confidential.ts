import * as pulumi from "@pulumi/pulumi";

/**
 * The arguments as the engine records them for a component: those named are encrypted in the state, even where the
 * caller gave them in the clear.
 */
export function withSecret<Args extends object>(
  args: Args,
  ...confidential: (keyof Args)[]
): pulumi.Inputs {
  const recorded: pulumi.Inputs = { ...args };
  for (const name of confidential) {
    if (args[name] !== undefined) recorded[name as string] = pulumi.secret(args[name]);
  }
  return recorded;
}
