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

const memberOf = ({ $ref = "", items, additionalProperties }: Property, key: string) =>
  items ?? additionalProperties ?? types[$ref.replace("#/types/", "")]?.properties?.[key];

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
 * members there are. This makes an object or a list of outputs of it, and values of what the schema calls plain, as a
 * program in TypeScript would pass. What is secret, or known only later, stays an output.
 */
async function opened(input: unknown, property: Property = {}): Promise<unknown> {
  const output = pulumi.Output.isInstance(input) && (input as unknown as Eventual);
  const content = !output ? input : (await output.isKnown) ? await output.promise() : undefined;
  if (!hasMembers(content)) {
    const isValue = output && property.plain && !(await output.isSecret);
    return isValue ? (content ?? input) : input;
  }
  const member = (key: string) => {
    const inner = pulumi.Output.isInstance(input)
      ? input.apply((value) => (value as Record<string, unknown>)[key])
      : content[key];
    return opened(inner, memberOf(property, key));
  };
  if (Array.isArray(content)) return await Promise.all(Object.keys(content).map(member));
  const members = Object.keys(content).map(async (key) => [key, await member(key)] as const);
  return Object.fromEntries(await Promise.all(members));
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
  const given = Object.entries(inputs).map(async ([key, input]) => [
    ...[key, await opened(input, resource.inputProperties[key])],
  ]);
  const args = Object.fromEntries(await Promise.all(given)) as pulumi.Inputs;
  const component = new Component(name, args, options);
  const outputs = Object.keys(resource.properties).map((key) => [key, component[key]] as const);
  return { urn: component.urn, state: Object.fromEntries(outputs) };
};

void main({ version, schema, construct }, process.argv.slice(2));
