import { parse } from "yaml";
import { type Property, readSchema, token } from "../../tools/docs/schema.ts";

const schema = readSchema();

type Shape = { properties: Record<string, Property>; required: readonly string[] };

/** A value that only the running program knows. */
export const computed = "${computed}";

function faults(path: string, value: unknown, { properties, required }: Shape): string[] {
  const given = value as Record<string, unknown>;
  return [
    ...required.filter((key) => !(key in given)).map((key) => `${path}.${key} must be given`),
    ...Object.entries(given).flatMap(([key, inner]) => {
      const property = properties[key];
      return property
        ? valueFaults(`${path}.${key}`, inner, property)
        : [`${path}.${key} is not an argument`];
    }),
  ];
}

function valueFaults(path: string, value: unknown, property: Property): string[] {
  if (typeof value === "string" && value.startsWith("${")) return [];
  if (property.items) {
    if (!Array.isArray(value)) return [`${path} must be a list`];
    return value.flatMap((item, at) => valueFaults(`${path}[${at}]`, item, property.items!));
  }
  const type = property.$ref && schema.types[property.$ref.replace("#/types/", "")];
  if (type) {
    if (type.enum) {
      const allowed = type.enum.map((one) => one.value);
      return allowed.includes(value as string) ? [] : [`${path} must be ${allowed.join(" or ")}`];
    }
    return faults(path, value, {
      properties: type.properties ?? {},
      required: type.required ?? [],
    });
  }
  const kind = { integer: "number" }[property.type!] ?? property.type;
  return kind === undefined || typeof value === kind ? [] : [`${path} must be a ${kind}`];
}

export function componentFaults(component: string, inputs: unknown): string[] {
  const found = schema.resources[token(component)];
  if (!found) return [`${component} is not a component`];
  const { inputProperties: properties, requiredInputs: required } = found;
  return faults(component, inputs, { properties, required });
}

export type Made = [component: string, inputs: Record<string, unknown>];

export function madeInYaml(text: string): Made[] {
  const { resources } = parse(text) as {
    resources: Record<string, { type: string; properties?: Record<string, unknown> }>;
  };
  return Object.values(resources)
    .filter(({ type }) => type.startsWith("mlops:"))
    .map(({ type, properties }) => [type.replace("mlops:index:", ""), properties ?? {}]);
}
