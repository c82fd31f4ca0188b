/*
 * What the Pulumi engine starts for programs in Python, Go, .NET and YAML. Pulumi's own host of components would read the
 * schema off the sources again, with the TypeScript compiler, in every run.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { main } from "@pulumi/pulumi/provider/server.js";
import * as components from "./index.ts";

type ComponentClass = new (
  name: string,
  args: pulumi.Inputs,
  options: pulumi.ComponentResourceOptions,
) => pulumi.ComponentResource & Record<string, pulumi.Input<unknown>>;

interface Property {
  readonly $ref?: string;
  readonly type?: string;
  readonly plain?: boolean;
  readonly items?: Property;
  readonly additionalProperties?: Property;
}

const schema = readFileSync(join(import.meta.dirname, "..", "schema.json"), "utf8");
const {
  name: packageName,
  version,
  resources,
  types,
} = JSON.parse(schema) as {
  name: string;
  version: string;
  resources: Record<string, { inputProperties: Record<string, Property>; properties: object }>;
  types: Record<string, { properties?: Record<string, Property> }>;
};

const anything = "pulumi.json#/Any";
const scalars: readonly unknown[] = ["string", "boolean", "integer", "number"];

function memberOf(property: Property, key: string): Property | undefined {
  const { $ref = "", items, additionalProperties } = property;
  if ($ref === anything) return property;
  return items ?? additionalProperties ?? types[$ref.replace("#/types/", "")]?.properties?.[key];
}

const hasMembers = (value: unknown): value is Record<string, unknown> =>
  Array.isArray(value) ||
  (typeof value === "object" &&
    value !== null &&
    Object.getPrototypeOf(value) === Object.prototype);

interface Eventual {
  readonly isKnown: Promise<boolean>;
  readonly isSecret: Promise<boolean>;
  promise(): Promise<unknown>;
}

/**
 * At any depth an object or a list that depends on a resource may come as one output, of which a component cannot see which
 * members there are. This makes of it what a program in TypeScript would pass: an object or a list of outputs, and values
 * of what the schema calls plain. An object or a list that is known only later stays an output.
 * @throws InputPropertiesError for a plain value that is secret, or known only later.
 */
async function opened(input: unknown, property: Property = {}, path = ""): Promise<unknown> {
  if (!property.plain && property.$ref !== anything) return input;
  const output = pulumi.Output.isInstance(input) && (input as unknown as Eventual);
  const isKnown = !output || (await output.isKnown);
  const content = !output ? input : isKnown ? await output.promise() : null;
  if (!hasMembers(content)) {
    if (!output || !property.plain) return input;
    if (!isKnown && scalars.includes(property.type)) {
      throw refused(path, "be known in the preview; use a value that no resource decides");
    }
    if ((content ?? null) === null) return input;
    if (!(await output.isSecret)) return content;
    throw refused(
      path,
      "not be secret; of an object or a list, mark only what is confidential in it, such as a password",
    );
  }
  const isList = Array.isArray(content);
  const members = Object.keys(content).map(async (key) => {
    const member = pulumi.Output.isInstance(input)
      ? input.apply((value) => (value as Record<string, unknown>)[key])
      : content[key];
    const inner = isList ? `${path}[${key}]` : `${path}.${key}`;
    return [key, await opened(member, memberOf(property, key), inner)] as const;
  });
  const entries = await Promise.all(members);
  return isList ? entries.map(([, value]) => value) : Object.fromEntries(entries);
}

function refused(propertyPath: string, rule: string): Error {
  const reason = `${propertyPath} must ${rule}`;
  return new pulumi.InputPropertiesError({ message: reason, errors: [{ propertyPath, reason }] });
}

const construct = async (
  name: string,
  type: string,
  inputs: pulumi.Inputs,
  options: pulumi.ComponentResourceOptions,
) => {
  const resource = resources[type];
  if (!resource) throw new Error(`the package ${packageName} ${version} has no resource ${type}`);
  const Component = (components as unknown as Record<string, ComponentClass>)[type.split(":")[2]!]!;
  const given = Object.entries(inputs).map(
    async ([key, input]) => [key, await opened(input, resource.inputProperties[key], key)] as const,
  );
  const args: pulumi.Inputs = Object.fromEntries(await Promise.all(given));
  const component = new Component(name, args, options);
  const outputs = Object.keys(resource.properties).map((key) => [key, component[key]] as const);
  return { urn: component.urn, state: Object.fromEntries(outputs) };
};

void main({ version, schema, construct }, process.argv.slice(2));
