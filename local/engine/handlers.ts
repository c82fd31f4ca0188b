import { UserError } from "../support/errors.ts";
import type { Handler } from "./handler.ts";
import { randomHandler } from "./random.ts";

/** Providers and components exist only in the state: they are what they were declared to be. */
const passthrough: Handler = {
  check: ({ inputs }) => inputs,
  replacement: () => undefined,
  foresee: (inputs) => inputs,
  inspect: () => Promise.resolve("sound"),
  refuseExisting: () => Promise.resolve(),
  apply: ({ inputs }) => Promise.resolve(inputs),
  idOf: ({ id, name }) => id || name,
  remove: () => Promise.resolve(),
};

/** Finds the handler of a type, by the longest matching prefix; a sentence refuses the types without one. */
export function handlerTable(
  kubernetes: Handler,
  helm: Handler,
): (type: string, name: string) => Handler {
  const table: [prefix: string, handler: Handler | string][] = [
    ["pulumi:providers:", passthrough],
    ["random:", randomHandler],
    ["kubernetes:helm.sh/v3:Release", helm],
    ["kubernetes:helm.sh/", "the built-in engine installs charts as a helm.v3.Release only"],
    ["kubernetes:kustomize", "the built-in engine cannot run kustomize"],
    ["kubernetes:yaml", "the built-in engine cannot read YAML manifests"],
    ["kubernetes:", kubernetes],
    ["gcp:", "the built-in engine makes nothing on Google Cloud"],
    ["", "the built-in engine does not know this type"],
  ];
  return (type, name) => {
    const [, handler] = table.find(([prefix]) => type.startsWith(prefix)) ?? ["", ""];
    if (handler === undefined || typeof handler === "string")
      throw new UserError(`${name} is a ${type}: ${handler}; install the Pulumi CLI to deploy it`);
    if (type.startsWith("kubernetes:") && type.endsWith("Patch"))
      throw new UserError(
        `${name} is a ${type}: the built-in engine cannot patch objects it does not own; install the Pulumi CLI to deploy it`,
      );
    return handler;
  };
}

export const componentHandler = passthrough;
