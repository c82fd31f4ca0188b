import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Analyzer } from "@pulumi/pulumi/provider/experimental/analyzer.js";
import { generateSchema } from "@pulumi/pulumi/provider/experimental/schema.js";
import { checkoutRoot } from "../../local/support/cache.ts";

/** A property of a component or of one of its argument types. */
export interface Property {
  type?: string;
  $ref?: string;
  optional?: boolean;
  plain?: boolean;
  description?: string;
  items?: Property;
  additionalProperties?: Property;
}

/** One of a closed set of values. */
export interface EnumValue {
  value: string;
  description?: string;
}

/** The contract of the component package, as consumers in other languages see it. */
export interface Schema {
  name: string;
  version: string;
  resources: Record<
    string,
    {
      description?: string;
      inputProperties: Record<string, Property>;
      requiredInputs: string[];
      properties: Record<string, Property>;
      required: string[];
    }
  >;
  types: Record<
    string,
    // an enumeration has values and no properties
    {
      description?: string;
      properties?: Record<string, Property>;
      required?: string[];
      enum?: EnumValue[];
    }
  >;
}

/** The token of a component or an argument type in the schema. */
export const token = (name: string) => `mlops:index:${name}`;

export const componentsFolder = join(checkoutRoot, "components");
export const schemaPath = join(componentsFolder, "schema.json");

/** Classes that the package exports, as its files declare them. */
export function componentClasses(): string[] {
  const files = readdirSync(componentsFolder, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !/^(bin|node_modules)\//.test(file),
  );
  return files.flatMap((file) => {
    const source = readFileSync(join(componentsFolder, file), "utf8");
    const classes = source.matchAll(/^export class (\w+) extends pulumi\.ComponentResource/gm);
    return [...classes].map((match) => match[1]!);
  });
}

/** The schema that the Pulumi SDK's own analyser reads off the sources: what its plugin host would serve. */
export function inferSchema(): Schema {
  const manifest = JSON.parse(readFileSync(join(componentsFolder, "package.json"), "utf8")) as {
    name: string;
    version: string;
    description: string;
  };
  const { version, description } = manifest;
  // as the plugin host does: the scope of the npm name is the namespace of the package
  const [namespace, name] = manifest.name.slice(1).split("/") as [string, string];
  const names = new Set(componentClasses());
  const found = new Analyzer(componentsFolder, name, manifest, names).analyze();
  const schema = generateSchema(
    name,
    version,
    description,
    found.components,
    found.typeDefinitions,
    found.dependencies,
    namespace,
  );
  return JSON.parse(JSON.stringify(schema)) as Schema;
}

/** The committed schema. */
export const readSchema = () => JSON.parse(readFileSync(schemaPath, "utf8")) as Schema;

export const schemaText = (schema: Schema) => `${JSON.stringify(schema, null, 2)}\n`;
