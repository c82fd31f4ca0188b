import * as pulumi from "@pulumi/pulumi";

/** A wrong argument: the message names it, the rule and the fix. The CLI prints it without a stack. */
export class ArgumentError extends pulumi.RunError {
  override name = "ArgumentError";
}

/**
 * Refuses a value that breaks its rule. A plain value is refused at once, before anything is registered; an
 * output as soon as it is known. `rule` completes the sentence "<argument> must …" and says how to mend it.
 */
export function ensure<T>(
  component: string,
  argument: string,
  value: pulumi.Input<T>,
  holds: (value: T) => boolean,
  rule: string,
): pulumi.Output<T> {
  const check = (known: T): T => {
    if (!holds(known)) throw new ArgumentError(`${component}: ${argument} must ${rule}`);
    return known;
  };
  if (!pulumi.Output.isInstance(value) && !(value instanceof Promise)) check(value);
  return pulumi.output(value).apply<T>((known) => check(known as T));
}

/** Refuses a plain combination of arguments that cannot work. */
export function refuse(component: string, when: boolean, sentence: string): void {
  if (when) throw new ArgumentError(`${component}: ${sentence}`);
}

export const isWholeNumber = (least: number, most: number) => (value: number) =>
  Number.isInteger(value) && value >= least && value <= most;

/** Refuses what is not a whole number of a range. */
export const checkWhole = (
  subject: string,
  argument: string,
  value: pulumi.Input<number>,
  from: number,
  to: number,
): pulumi.Output<number> =>
  ensure(
    subject,
    argument,
    value,
    isWholeNumber(from, to),
    `be a whole number from ${from} to ${to}`,
  );

/** A Kubernetes quantity of bytes such as `8Gi`. */
export const isQuantity = (value: string) => /^[1-9][0-9]*(Ki|Mi|Gi|Ti|Pi)$/.test(value);

/** A DNS label: what Kubernetes accepts as the name of a namespace or a Service. */
export const isDnsLabel = (value: string) => /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value);

export const isNodePort = isWholeNumber(30000, 32767);

/** A host name or an address as it stands in a URL: no scheme, port, wildcard or list. */
export const isHostName = (value: string) =>
  /^([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])$/.test(value);
