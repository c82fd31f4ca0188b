import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { checkoutRoot } from "../../local/support/cache.ts";
import { type ModelKey, modelKeys } from "../../program/modelSettings.ts";
import type { Setting } from "../../program/setting.ts";
import { configKeys, settingOf } from "../../program/settings.ts";
import { type Property, type Schema, token } from "./schema.ts";

export const projectFile = join(checkoutRoot, "Pulumi.yaml");

/** Pulumi.yaml with the settings as the program's table has them; the rest of it stays as it is. */
export function projectText(): string {
  const project = parseDocument(readFileSync(projectFile, "utf8"));
  const declared = configKeys.map((key) => {
    const { type, description, default: otherwise } = settingOf(key);
    const items = type === "array" ? { items: { type: "object" } } : {};
    return [key, { type, ...items, description, default: otherwise }] as const;
  });
  project.set("config", project.createNode(Object.fromEntries(declared)));
  return project.toString({ lineWidth: 0 });
}

type JsonSchema = { [keyword: string]: unknown };

export const stackSchemaFile = join(checkoutRoot, "docs/reference/stack.schema.json");

/** The schema of a stack's file for editors: every setting with its type, default and description. */
export function stackSchemaText(schema: Schema): string {
  const types = new StackTypes(schema);
  const settings = configKeys.map((key) => [`mlops-platform:${key}`, types.of(settingOf(key))]);
  const stack = {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Stack of the MLOps platform",
    type: "object",
    properties: {
      config: {
        type: "object",
        properties: Object.fromEntries(settings) as JsonSchema,
        // settings of Pulumi and of its providers
        patternProperties: { "^(?!mlops-platform:)": true },
        additionalProperties: false,
      },
    },
    definitions: types.definitions,
  };
  return `${JSON.stringify(stack, null, 2)}\n`;
}

const encrypted = {
  type: "object",
  description: "A value that `pulumi config set --secret` has encrypted.",
  properties: { secure: { type: "string" } },
  required: ["secure"],
  additionalProperties: false,
};

/** The components whose arguments settings name, by the first word of the argument. */
const componentOf: Readonly<Record<string, string>> = {
  gke: "GkeCluster",
  cloudSql: "CloudSqlDatabase",
  bucket: "BucketArtifactStore",
};

/** The property at the end of a path through nested arguments. */
function propertyAt(
  path: readonly string[],
  properties: Record<string, Property>,
  { types }: Schema,
): Property {
  let found: Property = {};
  let inner = properties;
  for (const name of path) {
    found = inner[name]!;
    inner = types[found.$ref?.replace("#/types/", "") ?? ""]?.properties ?? {};
  }
  return found;
}

/** A key of a model: the argument that gets the value, in the words of the setting where it has its own. */
export function modelKeyProperty(
  { argument, type, description }: ModelKey,
  schema: Schema,
): Property {
  const { properties = {} } = schema.types[token("ServedModel")]!;
  const declared =
    argument === undefined ? { type } : propertyAt(argument.split("."), properties, schema);
  return { ...declared, ...(description && { description }) };
}

/** The types of settings, those with a structure as the component declares them that gets the value. */
class StackTypes {
  readonly definitions: JsonSchema = { Encrypted: encrypted };
  readonly #schema: Schema;

  constructor(schema: Schema) {
    this.#schema = schema;
  }

  of(setting: Setting<unknown>): JsonSchema {
    const { type, isNumber, choices, argument, description, isSecret } = setting;
    const { default: otherwise } = setting;
    const common = { description, default: otherwise };
    if (argument === "models") {
      const orNull = { anyOf: [this.#model(), { type: "null" }] };
      return { ...common, type: "object", additionalProperties: orNull };
    }
    if (type === "object" || type === "array") {
      return { ...common, ...this.#property(this.#declared(argument!)) };
    }
    const open = choices
      ? { enum: otherwise === "" ? ["", ...choices] : choices }
      : { type: isNumber ? [...new Set([type, "integer"])] : type };
    return { ...common, anyOf: [...(isSecret ? [] : [open]), reference("Encrypted")] };
  }

  /** The keys of one model in a stack. */
  #model(): JsonSchema {
    const keys = Object.entries<ModelKey>(modelKeys).map(([key, one]) => {
      const { description = "", ...property } = modelKeyProperty(one, this.#schema);
      return [key, { description, ...this.#property(property) }];
    });
    const properties = Object.fromEntries(keys) as JsonSchema;
    this.definitions["Model"] = { type: "object", properties, additionalProperties: false };
    return reference("Model");
  }

  #declared(argument: string): Property {
    const [first, ...rest] = argument.split(".");
    const component = componentOf[first!];
    const path = component === undefined ? [first!, ...rest] : rest;
    const { inputProperties } = this.#schema.resources[token(component ?? "MlopsPlatform")]!;
    return propertyAt(path, inputProperties, this.#schema);
  }

  #property({ $ref, type, items, additionalProperties }: Property): JsonSchema {
    if ($ref?.startsWith("#/types/")) return this.#type($ref.replace("#/types/", ""));
    if ($ref !== undefined) return {};
    if (items) return { type: "array", items: this.#property(items) };
    if (additionalProperties) {
      return { type: "object", additionalProperties: this.#property(additionalProperties) };
    }
    return { anyOf: [{ type }, reference("Encrypted")] };
  }

  #type(type: string): JsonSchema {
    const name = type.replace(/^.*:/, "");
    const { properties, required = [], enum: values } = this.#schema.types[type]!;
    if (values) return { enum: values.map(({ value }) => value) };
    if (!(name in this.definitions)) {
      this.definitions[name] = {};
      this.definitions[name] = {
        type: "object",
        properties: Object.fromEntries(
          Object.entries(properties ?? {}).map(([key, property]) => [
            key,
            { description: property.description, ...this.#property(property) },
          ]),
        ),
        required,
        additionalProperties: false,
      };
    }
    return reference(name);
  }
}

const reference = (name: string): JsonSchema => ({ $ref: `#/definitions/${name}` });
