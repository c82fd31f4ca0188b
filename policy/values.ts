/** Stands for a value that is known only after the update. No rule may report it as a fault. */
export const unknown = Symbol("known after the update");

/** A plain copy of the values of a policy. The policy SDK throws when an unknown value is read. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return Array.from(value, (_, index) => read(value, index));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.keys(value).map((key) => [key, read(value, key)] as const));
}

function read(container: object, key: string | number): unknown {
  try {
    return plain((container as Record<string | number, unknown>)[key]);
  } catch (error) {
    if (error instanceof Error && "unknownTypeSentinel" in error) return unknown;
    throw error;
  }
}

export type Values = { readonly [key: string]: unknown };

/** The value at a path of keys: `unknown` where it, or a value on the way, is known only later. */
export function at(values: unknown, ...path: string[]): unknown {
  let value = values;
  for (const key of path) {
    if (value === unknown) return unknown;
    value = isValues(value) ? value[key] : undefined;
  }
  return value;
}

/** The objects of a list; none where it is absent or known only later. */
export function objectsAt(values: unknown, ...path: string[]): Values[] {
  const list = at(values, ...path);
  return Array.isArray(list) ? list.filter(isValues) : [];
}

export function textsAt(values: unknown, ...path: string[]): string[] {
  const list = at(values, ...path);
  return Array.isArray(list) ? list.filter((item) => typeof item === "string") : [];
}

/** Whether something is set to the value, or may yet be. */
export const mayBe = (found: unknown, wanted: unknown): boolean =>
  found === wanted || found === unknown;

/** Every text inside, with the keys that lead to it. */
export function* textsIn(
  value: unknown,
  path: readonly string[] = [],
): Generator<readonly [path: readonly string[], text: string]> {
  if (typeof value === "string") yield [path, value];
  else if (Array.isArray(value)) {
    for (const item of value) yield* textsIn(item, path);
  } else if (isValues(value)) {
    for (const [key, inner] of Object.entries(value)) yield* textsIn(inner, [...path, key]);
  }
}

export const isValues = (value: unknown): value is Values =>
  typeof value === "object" && value !== null && !Array.isArray(value);
