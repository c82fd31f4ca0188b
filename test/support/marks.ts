import { type Json, type JsonObject } from "./recorder.ts";
import { isObject } from "./wire.ts";

/** The values with every text and number replaced by one that is nowhere else, and which path each stands for. */
export function withMarks(values: JsonObject): { marked: JsonObject; marks: Map<string, string> } {
  const marks = new Map<string, string>();
  const walk = (value: Json, path: string[]): Json => {
    if (Array.isArray(value)) return value.map((item, i) => walk(item, [...path, `${i}`]));
    if (isObject(value))
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key])]),
      );
    if (typeof value !== "string" && typeof value !== "number") return value;
    const number = 70_000 + marks.size;
    marks.set(`${number}`, path.join("."));
    return typeof value === "string" ? `mark-${number}` : number;
  };
  return { marked: walk(values, []) as JsonObject, marks };
}

/** Paths of all values that are true or false. */
export function switches(value: Json, path: string[] = []): string[][] {
  if (typeof value === "boolean") return [path];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => switches(item, [...path, key]));
}
