import { refuse } from "./checks.ts";
import { nearest } from "./nearest.ts";

/** Refuses what is not in a closed set: callers in other languages have no compiler that does. */
export function checkOneOf(
  subject: string,
  argument: string,
  value: string | undefined,
  set: { readonly [key: string]: string },
): void {
  const values = Object.values(set);
  if (value === undefined || values.includes(value)) return;
  refuse(
    subject,
    true,
    `${argument} must be one of ${values.join(", ")}, not "${value}"; the nearest is ${nearest(String(value), values)}`,
  );
}
