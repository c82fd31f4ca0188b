import microdiff from "microdiff";
import {
  isObject,
  isSecret,
  type Json,
  type JsonObject,
  knownLater,
  masked,
  plain,
  secret,
  unknownValue,
} from "../support/propertyValues.ts";

export type Path = (string | number)[];

/** One property that differs. The values are for people: shortened, and masked when secret. */
export interface Change {
  path: Path;
  kind: "add" | "delete" | "change";
  old?: string;
  new?: string;
}

/** What differs between two sets of inputs; a value that becomes secret, or stops being so, does not. */
export function changesBetween(old: JsonObject, next: JsonObject): Change[] {
  return microdiff(bare(old), bare(next), { cyclesFix: false }).map(({ path }) => {
    const [before, after] = [at(old, path), at(next, path)];
    if (before === undefined) return { path, kind: "add", new: shown(after) };
    if (after === undefined) return { path, kind: "delete", old: shown(before) };
    const isHidden = isSecret(before) || isSecret(after);
    const [from, to] = isHidden ? [secret(before), secret(after)] : aroundDifference(before, after);
    return { path, kind: "change", old: shown(from), new: shown(to) };
  });
}

/** The plain values, in objects that inherit nothing: microdiff takes an inherited `constructor` for a property. */
function bare(value: JsonObject): JsonObject {
  const text = JSON.stringify(plain(value));
  return JSON.parse(text, (_key, item: Json) =>
    isObject(item) ? (Object.assign(Object.create(null), item) as JsonObject) : item,
  ) as JsonObject;
}

/** The value at a path, as a secret when it is inside one. */
function at(value: Json, [step, ...rest]: Path): Json | undefined {
  if (isSecret(value)) {
    const found = at(value.value, step === undefined ? [] : [step, ...rest]);
    return found === undefined ? undefined : secret(found);
  }
  if (step === undefined) return value;
  const isInside = typeof value === "object" && value !== null && Object.hasOwn(value, step);
  return isInside ? at((value as JsonObject)[step]!, rest) : undefined;
}

/** The part of two long texts where they begin to differ, for people to read. */
function aroundDifference(before: Json, after: Json): [Json, Json] {
  if (typeof before !== "string" || typeof after !== "string") return [before, after];
  const start = [...before].findIndex((character, index) => character !== after[index]);
  const cut = (text: string) => (start > 60 ? `...${text.slice(start - 20)}` : text);
  return [cut(before), cut(after)];
}

function shown(value: Json | undefined): string {
  if (isSecret(value)) return "[secret]";
  if (value === unknownValue) return knownLater;
  const text = JSON.stringify(masked(value ?? null)).replaceAll(unknownValue, knownLater);
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
