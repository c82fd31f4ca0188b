import { isObject, isSecret, masked, plain, unknownValue, unwrapped } from "./values.ts";
import type { Json, JsonObject } from "./values.ts";

export type Path = (string | number)[];

/** One property that differs. The values are for people: shortened, and masked when secret. */
export interface Change {
  path: Path;
  kind: "add" | "delete" | "change";
  old?: string;
  new?: string;
}

/** What differs between two sets of inputs; secret envelopes are looked through. */
export function changesBetween(old: Json, next: Json, path: Path = [], hidden = false): Change[] {
  const concealed = hidden || isSecret(old) || isSecret(next);
  const before = unwrapped(old) ?? null;
  const after = unwrapped(next) ?? null;
  if (isObject(before) && isObject(after)) {
    return keysOf(before, after).flatMap((key) =>
      changesOf(before[key], after[key], [...path, key], concealed),
    );
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, index) => index).flatMap((index) =>
      changesOf(before[index], after[index], [...path, index], concealed),
    );
  }
  if (JSON.stringify(plain(before)) === JSON.stringify(plain(after))) return [];
  const start = firstDifference(before, after);
  const [from, to] = [before, after].map((value) => shown(value, concealed, start));
  return [{ path, kind: "change", old: from, new: to }];
}

/** Where two long texts begin to differ, less a little context: what people want to see of them. */
function firstDifference(before: Json, after: Json): number {
  if (typeof before !== "string" || typeof after !== "string") return 0;
  const same = [...before].findIndex((character, index) => character !== after[index]);
  const length = same < 0 ? before.length : same;
  return length > 60 ? length - 20 : 0;
}

function changesOf(old: Json | undefined, next: Json | undefined, path: Path, hidden: boolean) {
  if (old === undefined && next === undefined) return [];
  const change = (kind: Change["kind"], side: "old" | "new", value: Json): Change => ({
    path,
    kind,
    [side]: shown(unwrapped(value) ?? null, hidden || isSecret(value)),
  });
  if (old === undefined) return [change("add", "new", next ?? null)];
  if (next === undefined) return [change("delete", "old", old)];
  return changesBetween(old, next, path, hidden);
}

function keysOf(before: JsonObject, after: JsonObject): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])];
}

function shown(value: Json, hidden: boolean, start = 0): string {
  if (value === unknownValue) return "[known after the update]";
  if (hidden) return "[secret]";
  const visible =
    typeof value === "string" && start > 0 ? `...${value.slice(start)}` : masked(value);
  const text = JSON.stringify(visible).replaceAll(unknownValue, "[known after the update]");
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** `spec.containers[0].env["a.b"]`, as Pulumi writes property paths. */
export function formatPath(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === "number") return `[${step}]`;
      if (!/^[A-Za-z_$][\w$-]*$/.test(step)) return `["${step}"]`;
      return index === 0 ? step : `.${step}`;
    })
    .join("");
}

/** Reads a property path of a resource option; `*` stands for every key or index. */
export function parsePath(text: string): Path {
  const steps = text.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.[\]]+)/g);
  return [...steps].map(([, quoted, index, name]) => {
    if (quoted !== undefined) return quoted.replaceAll('\\"', '"');
    if (index !== undefined) return index === "*" ? index : Number(index);
    return name ?? "";
  });
}

/** Whether `path` is at or below `pattern`. */
export function isUnder(path: Path, pattern: Path): boolean {
  return pattern.every((step, index) => step === "*" || String(step) === String(path[index]));
}

/** The new inputs with the old values at the ignored paths: what `ignoreChanges` means. */
export function withIgnored(old: Json, next: Json, ignored: readonly string[]): Json {
  const result = structuredClone(next);
  for (const text of ignored) restore(old, result, parsePath(text));
  return result;
}

function restore(old: Json | undefined, next: Json | undefined, path: Path): void {
  const from = unwrapped(old);
  const to = unwrapped(next);
  const [step, ...rest] = path;
  if (step === undefined || typeof to !== "object" || to === null) return;
  const keys = step === "*" ? keysOf(asObject(from), asObject(to)) : [String(step)];
  for (const key of keys) {
    const before = asObject(from)[key];
    if (rest.length > 0) restore(before, asObject(to)[key], rest);
    else if (before !== undefined) asObject(to)[key] = structuredClone(before);
    else if (Array.isArray(to)) to.splice(Number(key), 1);
    else delete asObject(to)[key];
  }
}

/** Arrays are walked like objects with numeric keys. */
function asObject(value: Json | undefined): JsonObject {
  return typeof value === "object" && value !== null ? (value as JsonObject) : {};
}
