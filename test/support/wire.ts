import type { Json, JsonObject, Recorded } from "./recorder.ts";

/*
 * How values look on their way from a program to the engine, and readable views of them.
 */

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const unknownMarker = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

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
  const isEmpty = typeof value === "object" && value !== null && Object.keys(value).length === 0;
  if (value === null || typeof value !== "object" || isEmpty) return new Map([[path, value]]);
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
      if (JSON.stringify(from) !== JSON.stringify(to)) changes.push({ resource, path, from, to });
    }
  }
  return changes;
}

/** `mlflow-server spec.replicas: 1 → 2`, one line a change: what the tables of the tests are made of. */
export function changeLines(changes: readonly Change[]): string[] {
  const text = (value?: Json) =>
    typeof value === "string" ? value : value === undefined ? "∅" : JSON.stringify(value);
  return changes.map(({ resource, path, from, to }) =>
    path === ""
      ? `${from === undefined ? "+" : "-"} ${resource}`
      : `${resource} ${path}: ${text(from)} → ${text(to)}`,
  );
}

function describe(resources: readonly Recorded[]): Map<string, Map<string, Json>> {
  return new Map(
    resources.map(({ name, custom, inputs, outputs, options }) => {
      // what a component was given is not a thing in the cluster
      const seen = { ...(custom ? (readable(inputs) as JsonObject) : {}), options: { ...options } };
      if (outputs) Object.assign(seen, { outputs: readable(outputs) });
      return [name, leaves(seen as Json)];
    }),
  );
}
