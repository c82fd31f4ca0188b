import * as pulumi from "@pulumi/pulumi";

/** Environment variables of a notebook, without those that nothing stands for. A secret, for a password is among them. */
export function notebookVariables(variables: {
  [name: string]: pulumi.Input<string> | undefined;
}): pulumi.Output<{ [name: string]: string }> {
  const given = Object.entries(variables).filter(([, value]) => value !== undefined);
  return pulumi.secret(
    pulumi.all(Object.fromEntries(given) as Record<string, pulumi.Input<string>>),
  );
}
