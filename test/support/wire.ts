import type { Json, JsonObject, Recorded } from "./recorder.ts";

/*
 * How values look on their way from a program to the engine, and readable views of them.
 */

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const unknownMarker = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isEmptyObject = (value: Json | undefined) =>
  isObject(value) && Object.keys(value).length === 0;

export const isSecret = (value: Json | undefined): value is JsonObject =>
  isObject(value) && value[signatureKey] === secretSignature;

/** The same value with every secret taken out of its envelope and marked `secret:`. */
export function readable(value: Json): Json {
  if (isSecret(value)) {
    const inner = value["value"] ?? null;
    return typeof inner === "string" ? `secret:${inner}` : { secret: readable(inner) };
  }
  if (value === unknownMarker) return "unknown";
  if (Array.isArray(value)) return value.map(readable);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, readable(item)]));
}

/** Every text inside a value that stands outside a secret envelope. */
export function textsInTheOpen(value: Json): string[] {
  if (isSecret(value)) return [];
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(textsInTheOpen);
  return isObject(value)
    ? Object.entries(value).flatMap(([key, item]) => [key, ...textsInTheOpen(item)])
    : [];
}

/**
 * Leaves of a value by their path. Entries of a list of named things stand under their names, so that one
 * environment variable more does not look as if all had changed.
 */
export function leaves(value: Json, path = ""): Map<string, Json> {
  const isLeaf = value === null || typeof value !== "object" || Object.keys(value).length === 0;
  if (isLeaf) return new Map([[path, value]]);
  const entries = Array.isArray(value)
    ? value.map((item, i): [string, Json] => [`[${entryName(item) ?? i}]`, item])
    : Object.entries(value).map(([key, item]): [string, Json] => [path ? `.${key}` : key, item]);
  return new Map(entries.flatMap(([step, item]) => [...leaves(item, path + step)]));
}

function entryName(item: Json): string | undefined {
  const name = isObject(item) ? item["name"] : undefined;
  return typeof name === "string" ? name : undefined;
}

export interface Change {
  readonly resource: string;
  readonly path: string;
  readonly from?: Json;
  readonly to?: Json;
}

/** What differs between two recordings: inputs, options and a component's outputs, leaf by leaf. */
export function differences(before: readonly Recorded[], after: readonly Recorded[]): Change[] {
  const [left, right] = [describe(before), describe(after)];
  const changes: Change[] = [];
  for (const resource of [...new Set([...left.keys(), ...right.keys()])].sort()) {
    const [was, is] = [left.get(resource), right.get(resource)];
    if (!was || !is) {
      changes.push({ resource, path: "", ...(was ? { from: "there" } : { to: "there" }) });
      continue;
    }
    for (const path of [...new Set([...was.keys(), ...is.keys()])].sort()) {
      const [from, to] = [was.get(path), is.get(path)];
      // an empty object that was filled, or emptied, shows in what it holds
      if (isEmptyObject(from ?? to) && (from === undefined) !== (to === undefined)) continue;
      if (JSON.stringify(from) !== JSON.stringify(to)) changes.push({ resource, path, from, to });
    }
  }
  return changes;
}

/** `mlflow-server spec.replicas: 1 → 2`, one line a change: what the tables of the tests are made of. */
export function changeLines(changes: readonly Change[]): string[] {
  return changes.map(({ resource, path, from, to }) =>
    path === ""
      ? `${from === undefined ? "+" : "-"} ${resource}`
      : `${resource} ${path}: ${changeText(from, to)}`,
  );
}

/** `from → to`; of lists and longer texts only the entries or lines that came (+) and went (-). */
function changeText(from?: Json, to?: Json): string {
  const separator = /[,\n]/;
  if (typeof from === "string" && typeof to === "string" && separator.test(from + to)) {
    const [was, is] = [from.split(separator), to.split(separator)];
    const went = was.filter((entry) => !is.includes(entry)).map((entry) => `-${entry}`);
    const came = is.filter((entry) => !was.includes(entry)).map((entry) => `+${entry}`);
    return [...went, ...came].join(" ");
  }
  const text = (value?: Json) =>
    typeof value === "string" ? value : value === undefined ? "∅" : JSON.stringify(value);
  return `${text(from)} → ${text(to)}`;
}

function describe(resources: readonly Recorded[]): Map<string, Map<string, Json>> {
  return new Map(
    resources.map(({ name, custom, inputs, outputs, options }) => {
      // what a component was given is not a thing in the cluster
      const seen = { ...(custom ? (readable(inputs) as JsonObject) : {}) };
      for (const [option, value] of Object.entries(options)) {
        seen[`options.${option}`] = Array.isArray(value) ? value.join() : value;
      }
      if (outputs) seen["outputs"] = readable(outputs);
      return [name, leaves(seen)];
    }),
  );
}
