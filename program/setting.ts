/** A setting with its own structure, such as the values of a chart. */
export type JsonObject = { readonly [key: string]: unknown };

/** Why a text is no value: what it must be. */
export class Fault {
  readonly rule: string;
  constructor(rule: string) {
    this.rule = rule;
  }
}

/** What a value must look like where no component looks at it. */
export interface Rule {
  readonly pattern: RegExp;
  /** Completes the sentence "<setting> must …". */
  readonly rule: string;
}

/** What checks a value: the component that gets it as this argument, or the setting's own rule; none where it is empty. */
export type CheckedBy = string | Rule;

/** One setting of a stack, as it is declared and read. */
export interface Setting<T> {
  readonly type: "string" | "integer" | "boolean" | "object" | "array";
  /** What holds where a stack says nothing. An empty text, map or list is no value. */
  readonly default: string | number | boolean | JsonObject | readonly JsonObject[];
  readonly description: string;
  /** Whether it is a number, though it is declared as a string that may be empty. */
  readonly isNumber?: boolean;
  /** The values to choose from. */
  readonly choices?: readonly string[];
  /** Argument that gets the value, such as `tracking.replicas`. */
  readonly argument?: string;
  /** Whether it must be encrypted, and no message repeats it. */
  readonly isSecret?: boolean;
  read(this: void, text: string): T | Fault;
  /** The value as the argument wants it. */
  hand?(this: void, value: T): unknown;
}

type Described = Pick<Setting<unknown>, "default" | "description" | "argument">;

function described(fallback: Described["default"], by: CheckedBy, description: string): Described {
  const argument = typeof by === "string" && by !== "" ? by : undefined;
  return { default: fallback, description, argument };
}

/** A text; where the default is empty, an empty text is no value. */
export function text<Default extends string>(
  fallback: Default,
  by: CheckedBy,
  description: string,
): Setting<Default extends "" ? string | undefined : string> {
  type Text = Default extends "" ? string | undefined : string;
  const { pattern = /./s, rule = "not be empty" } = typeof by === "string" ? {} : by;
  const read = (written: string) => {
    if (written === "" && fallback === "") return undefined as Text;
    return pattern.test(written) ? (written as Text) : new Fault(rule);
  };
  return { type: "string", ...described(fallback, by, description), read };
}

/** One of a closed set; with an empty default it may be left open. */
export function choice<T extends string, Default extends T | "">(
  values: Readonly<Record<string, T>>,
  fallback: Default,
  description: string,
  argument?: string,
): Setting<Default extends "" ? T | undefined : T> {
  type Choice = Default extends "" ? T | undefined : T;
  const choices = Object.values(values);
  const read = (written: string) => {
    if (written === "" && fallback === "") return undefined as Choice;
    const known = choices.find((value) => value === written);
    return known === undefined ? new Fault(`be one of ${choices.join(", ")}`) : (known as Choice);
  };
  return { type: "string", default: fallback, description, argument, choices, read };
}

export function whole<Default extends number | "">(
  fallback: Default,
  argument: string,
  description: string,
): Setting<Default extends "" ? number | undefined : number> {
  type Whole = Default extends "" ? number | undefined : number;
  const read = (written: string) => {
    if (written === "" && fallback === "") return undefined as Whole;
    return /^-?[0-9]+$/.test(written) ? (Number(written) as Whole) : new Fault("be a whole number");
  };
  const type = fallback === "" ? "string" : "integer";
  return { type, isNumber: true, ...described(fallback, argument, description), read };
}

/** A port of every node, 0 to keep it closed; left empty it depends on the cluster. */
export function nodePort(argument: string, description: string): Setting<number | undefined> {
  return { ...whole("", argument, description), hand: (port) => (port === 0 ? undefined : port) };
}

export function flag(fallback: boolean, by: CheckedBy, description: string): Setting<boolean> {
  const read = (written: string) =>
    written === "true" || written === "false" ? written === "true" : new Fault("be true or false");
  return { type: "boolean", ...described(fallback, by, description), read };
}

/** Texts separated by commas. */
export function texts(by: CheckedBy, description: string): Setting<readonly string[] | undefined> {
  const read = (written: string) => {
    const entries = written.split(",").map((entry) => entry.trim());
    return written.trim() === "" ? undefined : entries;
  };
  return { type: "string", ...described("", by, description), read };
}

/** A map, which arrives as JSON. */
export function map(argument: string, description: string): Setting<JsonObject | undefined> {
  const read = (written: string) => {
    const value = parsed(written);
    if (!isMap(value)) return new Fault("be a map");
    return Object.keys(value).length === 0 ? undefined : value;
  };
  return { type: "object", ...described({}, argument, description), read };
}

/** A list of maps, which arrives as JSON. */
export function maps(
  argument: string,
  description: string,
): Setting<readonly JsonObject[] | undefined> {
  const read = (written: string) => {
    const value = parsed(written);
    if (!Array.isArray(value)) return new Fault("be a list");
    return value.length === 0 ? undefined : (value as JsonObject[]);
  };
  return { type: "array", ...described([], argument, description), read };
}

export const isMap = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** A setting that must be encrypted. */
export const secret = <T>(setting: Setting<T>): Setting<T> => ({ ...setting, isSecret: true });

/** What the engine makes of a value: text as it is, anything else as JSON. */
export const textOf = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value);

/** Arguments as they are put together, key by key. */
export type Tree = { [name: string]: unknown };

/** Puts a value where its argument is, such as `serving.resources`. */
export function put(tree: Tree, argument: string, value: unknown): void {
  const path = argument.split(".");
  const last = path.pop()!;
  let inner = tree;
  for (const name of path) inner = (inner[name] ??= {}) as Tree;
  inner[last] = value;
}

/** What is left of a path below an argument: `.cpuLimit` of `resources.cpuLimit`; undefined where it is another's. */
export const below = (argument: string, path: string): string | undefined =>
  path === argument || path.startsWith(`${argument}.`) || path.startsWith(`${argument}[`)
    ? path.slice(argument.length)
    : undefined;
