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

const schema = readFileSync(join(import.meta.dirname, "..", "schema.json"), "utf8");
const {
  name: packageName,
  version,
  resources,
} = JSON.parse(schema) as {
  name: string;
  version: string;
  resources: Record<string, { properties: object }>;
};

/**
 * An object that depends on a resource and holds no output comes as one output of an object, of which a component cannot
 * see which members there are. This makes an object of outputs of it, as a program in TypeScript would pass.
 */
async function opened(input: unknown): Promise<unknown> {
  if (!pulumi.Output.isInstance(input)) return input;
  const output = input as unknown as { isKnown: Promise<boolean>; promise(): Promise<unknown> };
  const content = (await output.isKnown) ? await output.promise() : undefined;
  if (typeof content !== "object" || content === null) return input;
  const member = (key: string) =>
    opened(input.apply((value) => (value as Record<string, unknown>)[key]));
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
  const given = Object.entries(inputs).map(async ([key, input]) => [key, await opened(input)]);
  const args = Object.fromEntries(await Promise.all(given)) as pulumi.Inputs;
  const component = new Component(name, args, options);
  const outputs = Object.keys(resource.properties).map((key) => [key, component[key]] as const);
  return { urn: component.urn, state: Object.fromEntries(outputs) };
};

void main({ version, schema, construct }, process.argv.slice(2));
