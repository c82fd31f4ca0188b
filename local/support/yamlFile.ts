import { existsSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { messageOf, UserError } from "./errors.ts";

/**
 * The map in a YAML file, empty where there is no such file.
 * @throws UserError with the file's path where it is not YAML.
 */
export function readYaml(path: string): Record<string, unknown> {
  try {
    return existsSync(path) ? asMap(parse(readFileSync(path, "utf8"))) : {};
  } catch (error) {
    throw new UserError(`${path} cannot be read: ${messageOf(error)}`);
  }
}

/** A value that is expected to be a map; anything else has nothing in it. */
export function asMap(value: unknown): Record<string, unknown> {
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
  return isMap ? (value as Record<string, unknown>) : {};
}
