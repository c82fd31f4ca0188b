/** A setting with a structure of its own, such as the values of a chart. */
export type JsonObject = { readonly [key: string]: unknown };

/** Turns the text of a setting into its value, or says what it must be. */
export type Reader<T> = (text: string | undefined) => T | Fault;

/** Why a text is no value: what it must be. */
export class Fault {
  readonly rule: string;
  constructor(rule: string) {
    this.rule = rule;
  }
}

export function text(pattern: RegExp, rule: string): Reader<string>;
export function text(pattern: RegExp, rule: string, otherwise: string): Reader<string>;
export function text(pattern: RegExp, rule: string, otherwise?: string): Reader<string> {
  return (written = otherwise) =>
    written !== undefined && pattern.test(written) ? written : new Fault(rule);
}

/** Bytes of a claim. */
export const quantity = (otherwise: string): Reader<string> =>
  text(/^[1-9][0-9]*(Mi|Gi|Ti)$/, `be a quantity of bytes such as ${otherwise}`, otherwise);

export function whole(least: number, most: number, otherwise: number): Reader<number> {
  return (written) => {
    const value = written === undefined ? otherwise : Number(written.trim() || Number.NaN);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    return new Fault(`be a whole number from ${least} to ${most}`);
  };
}

/** A port of the nodes; 0 keeps it closed. */
export function nodePort(written?: string): number | Fault {
  const port = whole(0, 32767, 0)(written);
  const holds = typeof port === "number" && (port === 0 || port >= 30000);
  return holds ? port : new Fault("be 0 or a port from 30000 to 32767");
}

export function flag(otherwise: boolean): Reader<boolean> {
  return (written = String(otherwise)) =>
    written === "true" || written === "false" ? written === "true" : new Fault("be true or false");
}

/** One of a closed set. */
export function oneOf<T extends string>(values: readonly T[]): Reader<T>;
export function oneOf<T extends string>(values: readonly T[], otherwise: T): Reader<T>;
export function oneOf<T extends string>(values: readonly T[], otherwise?: T): Reader<T> {
  return (written = otherwise) =>
    values.find((value) => value === written) ?? new Fault(`be one of ${values.join(", ")}`);
}

/** Texts separated by commas; none where nothing is written. */
export function list(pattern: RegExp, rule: string): Reader<readonly string[]> {
  return (written = "") => {
    const entries = written.split(",").map((entry) => entry.trim());
    if (written.trim() === "") return [];
    return entries.every((entry) => pattern.test(entry)) ? entries : new Fault(rule);
  };
}

/** Structured settings arrive as JSON text. */
export function map(written = "{}"): JsonObject | Fault {
  try {
    const value: unknown = JSON.parse(written);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as JsonObject;
    }
  } catch {
    // not JSON at all
  }
  return new Fault("be a map of settings");
}

export function optional<T>(reader: Reader<T>): Reader<T | undefined> {
  return (written) => (written === undefined || written === "" ? undefined : reader(written));
}

export function zeroIsNone(reader: Reader<number>): Reader<number | undefined> {
  return (written) => {
    const value = reader(written);
    return value === 0 ? undefined : value;
  };
}
