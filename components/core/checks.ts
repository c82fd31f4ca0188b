import * as pulumi from "@pulumi/pulumi";
import { distance, nearest } from "./nearest.ts";

/*
 * How components reject invalid arguments: every interface of arguments has a table with a rule for each key. A new
 * argument without a rule does not compile, and a key without one is refused as unknown. Callers in Python, Go and YAML
 * have no compiler, so rules look at the types of values as well.
 */

/** What is wrong with one argument: its path, such as `tracking.replicas`, and a sentence that names path, rule and fix. */
export type Fault = pulumi.InputPropertyErrorDetails;

/** Reports what is wrong with a value, and returns it only if nothing is. Undefined is an argument that is left out. */
export type Rule = (check: Check, value: unknown) => unknown;

/** A rule for every argument of an interface. */
export type Rules<Args> = { readonly [Key in keyof Required<Args>]: Rule };

/**
 * What could not work together.
 * @param args undefined where an argument is missing or wrong by itself
 * @param given what the caller gave, right or wrong
 */
export type Combination<Args> = (
  check: Check,
  args: Partial<Args>,
  given: { readonly [Key in keyof Args]?: unknown },
) => void;

/** Refuses an argument together with those that it replaces. */
export const exclusive =
  <Args>(key: keyof Args & string, ...others: (keyof Args & string)[]): Combination<Args> =>
  (check, args) => {
    for (const other of others) {
      check.refuse(
        key,
        args[key] !== undefined && args[other] !== undefined,
        `${check.pathOf(key)} and ${check.pathOf(other)} exclude each other; leave one of them out`,
      );
    }
  };

/** Requires the values of a component's Secret, or the name of an existing Secret instead. */
export const orSecret =
  <Args>(secretName: keyof Args & string, ...keys: (keyof Args & string)[]): Combination<Args> =>
  (check, _, given) => {
    const exists = given[secretName] !== undefined;
    for (const key of keys) inSecret(check, key, given[key], check.pathOf(secretName), exists);
  };

/** The same for one value, wherever the name of the Secret stands. */
export function inSecret(
  check: Check,
  key: string,
  value: unknown,
  secretPath: string,
  exists: boolean,
): void {
  const fault = exists
    ? "has no effect with an existing Secret; leave it out"
    : `must be given, or ${secretPath} with an existing Secret`;
  check.refuse(key, exists === (value !== undefined), `${check.pathOf(key)} ${fault}`);
}

interface Found {
  readonly faults: Fault[];
  readonly warnings: string[];
  /** Checks of outputs, for when they are known. */
  readonly later: (() => void)[];
}

const isEventual = (value: unknown) => pulumi.Output.isInstance(value) || value instanceof Promise;

const step = (key: string | number) =>
  typeof key === "number" ? `[${key}]` : /^[\w-]+$/.test(key) ? `.${key}` : `["${key}"]`;

/** Collects what is wrong with the arguments of one component; a check `at` an argument adds to the same collection. */
export class Check {
  readonly subject: string;
  readonly path: string;
  readonly found: Found;
  /** Whether messages may repeat values: an output may be a secret. */
  readonly quotes: boolean;

  constructor(subject: string, path = "", found?: Found, quotes = true) {
    this.subject = subject;
    this.path = path;
    this.found = found ?? { faults: [], warnings: [], later: [] };
    this.quotes = quotes;
  }

  at(key: string | number): Check {
    return new Check(this.subject, this.pathOf(key), this.found, this.quotes);
  }

  /** Path of an argument, as messages name it. */
  pathOf(key: string | number): string {
    return (this.path + step(key)).replace(/^\./, "");
  }

  /** `, not "value"`, for the end of a rule. */
  not(value: unknown): string {
    return this.quotes ? `, not "${value as string}"` : "";
  }

  /** Adds a fault of this argument. */
  fault(reason: string): undefined {
    this.found.faults.push({ propertyPath: this.path, reason });
  }

  /** Adds "<path> must <rule>". */
  must(rule: string): undefined {
    return this.fault(`${this.path} must ${rule}`);
  }

  /** Refuses a combination of arguments under the path of the one to change. */
  refuse(key: string | number, when: boolean, reason: string): void {
    if (when) this.at(key).fault(reason);
  }

  /** Warns about a value without refusing it. */
  warn(sentence: string): void {
    this.found.warnings.push(sentence);
  }

  /** Holds an argument against a rule. */
  hold(key: string | number, value: unknown, rule: Rule): unknown {
    return this.at(key).holdAs(value, rule);
  }

  /** Holds a value against a rule: at once, or as soon as an output is known. */
  holdAs(value: unknown, rule: Rule): unknown {
    if (!isEventual(value)) return rule(this, value);
    this.found.later.push(() => {
      pulumi.output(value).apply((known) => {
        const late = new Check(this.subject, this.path, undefined, false);
        rule(late, known);
        late.finish();
      });
    });
    return value;
  }

  /** What `look` returns, unless it reports a fault. */
  unlessFaulty<T>(look: () => T): T | undefined {
    const before = this.found.faults.length;
    const value = look();
    return this.found.faults.length === before ? value : undefined;
  }

  /** Ends the check of one component: throws everything that is wrong as one error. */
  finish(): void {
    const { faults, warnings, later } = this.found;
    if (faults.length > 0) throw argumentError(this.subject, faults);
    for (const warning of warnings) void pulumi.log.warn(`${this.subject}: ${warning}`);
    for (const check of later) check();
  }
}

/** The SDK's error, which Python, Go and YAML users see by property. As a RunError it is printed without a stack. */
const argumentError = (subject: string, errors: Fault[]) =>
  Object.assign(
    new pulumi.InputPropertiesError({
      message: errors.map(({ reason }) => `${subject}: ${reason}`).join("\n"),
      errors,
    }),
    new pulumi.RunError(),
  );

/** Refuses what is wrong with the arguments of a component, all of it at once. Call it before anything is registered. */
export function checkArguments(subject: string, args: unknown, rule: Rule): void {
  const check = new Check(subject);
  rule(check, args ?? {});
  check.finish();
}

/** What is wrong with arguments, without an error and without a component. */
export function faultsOf(args: unknown, rule: Rule): Fault[] {
  const check = new Check("");
  rule(check, args);
  return check.found.faults;
}

// Rules.

/** `rule` completes the sentence "<argument> must …" and says how to fix it. */
export const must =
  <T>(rule: string, holds: (value: T) => boolean): Rule =>
  (check, value) =>
    value === undefined || holds(value as T) ? value : check.must(rule);

export const isWholeNumber = (least: number, most: number) => (value: number) =>
  Number.isInteger(value) && value >= least && value <= most;

export const whole = (least: number, most: number): Rule =>
  must(`be a whole number from ${least} to ${most}`, isWholeNumber(least, most));

export const matches = (pattern: RegExp, rule: string): Rule =>
  must(rule, (value) => typeof value === "string" && pattern.test(value));

export const flag = must("be true or false", (value) => typeof value === "boolean");

/** A string that may be empty. */
export const string = must("be a string", (value) => typeof value === "string");

/** A string that counts as absent while it is empty. */
export const text = matches(/[^]/, "be a string that is not empty; leave it out for the default");

export const anything: Rule = (_, value) => value;

/** A string that must not be empty. */
export const required =
  (rule: Rule): Rule =>
  (check, value) => {
    if (value !== undefined && value !== null && value !== "") return rule(check, value);
    return check.fault(`${check.path} must be given`);
  };

export function oneOf(set: { readonly [key: string]: string }): Rule {
  const values = Object.values(set);
  return (check, value) => {
    if (value === undefined || values.includes(value as string)) return value;
    const hint = check.quotes ? `; the nearest is ${nearest(String(value), values)}` : "";
    return check.must(`be one of ${values.join(", ")}${check.not(value)}${hint}`);
  };
}

export const list =
  (rule: Rule): Rule =>
  (check, value) => {
    if (value === undefined) return value;
    if (!Array.isArray(value)) return check.must("be a list");
    return check.unlessFaulty(() => value.map((item, index) => check.hold(index, item, rule)));
  };

export const map =
  (rule: Rule): Rule =>
  (check, value) => {
    if (value === undefined) return value;
    if (!isObject(value)) return check.must("be a map");
    const entries = Object.entries(value);
    return check.unlessFaulty(() =>
      Object.fromEntries(entries.map(([key, item]) => [key, check.hold(key, item, rule)])),
    );
  };

/** Arguments with a rule each, and then together. */
export const object =
  <Args>(rules: Rules<Args>, ...combinations: Combination<Args>[]): Rule =>
  (check, value) => {
    if (value === undefined) return value;
    if (!isObject(value)) return check.must(`be an object with ${Object.keys(rules).join(", ")}`);
    for (const key of Object.keys(value)) {
      if (value[key] !== undefined && !Object.hasOwn(rules, key)) {
        check.at(key).fault(`${check.pathOf(key)} ${unknownKey(key, Object.keys(rules))}`);
      }
    }
    const args = Object.fromEntries(
      Object.entries<Rule>(rules).map(([key, rule]) => [key, check.hold(key, value[key], rule)]),
    ) as Partial<Args>;
    for (const combination of combinations)
      combination(check, args, value as { [Key in keyof Args]?: unknown });
    return args;
  };

/** A resource is not a map of arguments: the caller means one of its outputs. */
const isObject = (value: unknown): value is { [key: string]: unknown } =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  !pulumi.Resource.isInstance(value);

function unknownKey(key: string, keys: string[]): string {
  const meant = nearest(key, keys);
  const isNear = distance(key, meant) <= meant.length / 2;
  return `is not an argument; ${isNear ? `did you mean ${meant}?` : `those are ${keys.join(", ")}`}`;
}

/** A Kubernetes quantity of bytes such as `8Gi`. */
export const quantity = (example: string): Rule =>
  matches(/^[1-9][0-9]*(Ki|Mi|Gi|Ti|Pi)$/, `be a quantity of bytes such as ${example}`);

/** What Kubernetes accepts as the name of a namespace or a Service. */
export const isDnsLabel = (value: string) => /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value);

export const dnsLabel = (example: string): Rule =>
  must(
    `be a DNS label such as ${example}: lower-case letters, digits and dashes, a letter first`,
    (value: unknown) => typeof value === "string" && isDnsLabel(value),
  );

/** A host name or an address as it stands in a URL: a wildcard would let any web page call the server. */
export const hostName = matches(
  /^([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])$/,
  "be a host name or an address, without scheme, port or wildcard",
);
