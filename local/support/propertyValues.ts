/** Property values as the Pulumi SDK sends them: JSON, with envelopes for secrets and a marker for unknowns. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const resourceSignature = "5cf8f73096256a8f31e491e813e4eb8e";
/** Stands for a value that is known only after the update. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** Its text for people. */
export const knownLater = "[known after the update]";

export function isSecret(value: Json | undefined): value is { value: Json } & JsonObject {
  return isObject(value) && value[signatureKey] === secretSignature;
}

export function secret(value: Json): Json {
  return isSecret(value) ? value : { [signatureKey]: secretSignature, value };
}

/** The value behind one secret envelope, or the value itself. */
export function unwrapped(value: Json | undefined): Json | undefined {
  return isSecret(value) ? value.value : value;
}

/** Visits a value bottom-up and rebuilds it; envelopes are handed to `visit` with their content rebuilt. */
function rebuilt(value: Json, visit: (value: JsonObject) => Json): Json {
  if (Array.isArray(value)) return value.map((item) => rebuilt(item, visit));
  if (!isObject(value)) return value;
  return visit(
    Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rebuilt(item, visit)])),
  );
}

/** The value without envelopes: what a server is given. A resource becomes its id. */
export function plain(value: Json): Json {
  return rebuilt(value, (object) => {
    if (object[signatureKey] === secretSignature) return object["value"] ?? null;
    if (object[signatureKey] === resourceSignature) return object["id"] ?? object["urn"] ?? null;
    return object;
  });
}

/** The value with every secret replaced by a word: what people may see. */
export function masked(value: Json): Json {
  const shown = rebuilt(value, (object) =>
    object[signatureKey] === secretSignature ? "[secret]" : object,
  );
  return plain(shown);
}

/** Marks in `value` as secret whatever is secret in `like`, as a provider does with its outputs. */
export function secretLike(value: Json, like: Json | undefined): Json {
  if (isSecret(like)) return secret(value);
  if (Array.isArray(value) && Array.isArray(like))
    return value.map((item, index) => secretLike(item, like[index]));
  if (!isObject(value) || !isObject(like)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, secretLike(item, like[key])]),
  );
}

/** Every string inside a secret envelope, so that output can be scrubbed of it. */
export function secretStrings(value: Json, inside = false): string[] {
  if (typeof value === "string") return inside ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((item) => secretStrings(item, inside));
  if (!isObject(value)) return [];
  if (isSecret(value)) return secretStrings(value.value, true);
  return Object.values(value).flatMap((item) => secretStrings(item, inside));
}

/** The object at `key`, or an empty one. */
export function objectAt(value: Json | undefined, ...keys: string[]): JsonObject {
  let current = unwrapped(value);
  for (const key of keys) current = isObject(current) ? unwrapped(current[key]) : undefined;
  return isObject(current) ? current : {};
}

/** The text at the end of `keys`, or undefined. */
export function textAt(value: Json | undefined, ...keys: string[]): string | undefined {
  const last = keys.at(-1) ?? "";
  const found = unwrapped(objectAt(value, ...keys.slice(0, -1))[last]);
  return typeof found === "string" ? found : undefined;
}
