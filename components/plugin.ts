/*
 * What the Pulumi engine starts for programs in Python, Go, .NET and YAML. Pulumi's own host of components would read the
 * schema off the sources again, with the TypeScript compiler, in every run.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type * as pulumi from "@pulumi/pulumi";
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

const construct = (
  name: string,
  type: string,
  inputs: pulumi.Inputs,
  options: pulumi.ComponentResourceOptions,
) => {
  const resource = resources[type];
  if (!resource) throw new Error(`the package ${packageName} ${version} has no resource ${type}`);
  const Component = (components as unknown as Record<string, ComponentClass>)[type.split(":")[2]!]!;
  const component = new Component(name, inputs, options);
  const outputs = Object.keys(resource.properties).map((key) => [key, component[key]] as const);
  return Promise.resolve({ urn: component.urn, state: Object.fromEntries(outputs) });
};

void main({ version, getSchema: () => Promise.resolve(schema), construct }, process.argv.slice(2));
