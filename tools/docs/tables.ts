import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";
import { UserError } from "../../local/support/errors.ts";
import { alertsTable, metricsTable, type Table } from "./monitoringTables.ts";
import { modelKeyProperty } from "./generatedSettings.ts";
import { type ModelKey, modelKeys } from "../../program/modelSettings.ts";
import { configKeys, settingOf } from "../../program/settings.ts";
import { type Property, type Schema, token } from "./schema.ts";
import { textOf } from "../../program/setting.ts";

type Rows = readonly (readonly string[])[];

/** Fills every `<!-- table:… -->` of a page; the rest of it stays as it is. */
export function fillTables(page: string, schema: Schema): string {
  const marked = /^<!-- table:(\w+)(?: (\w+))? -->\n[\s\S]*?^<!-- \/table:(\w+)(?: (\w+))? -->$/gm;
  return page.replaceAll(
    marked,
    (_, kind: string, of: string = "", endKind: string, endOf: string = "") => {
      const marker = `table:${kind}${of ? ` ${of}` : ""}`;
      if (kind !== endKind || of !== endOf) {
        throw new UserError(`${marker} is not closed; write \`<!-- /${marker} -->\` after it`);
      }
      return `<!-- ${marker} -->\n\n${tableFor(kind, of, schema)}\n\n<!-- /${marker} -->`;
    },
  );
}

function tableFor(kind: string, of: string, schema: Schema): string {
  if (kind === "config") return configTable(of === "common" ? commonKeys : undefined);
  if (kind === "modelKeys") return modelKeysTable(schema);
  if (kind === "outputs") return of ? componentOutputs(of, schema) : stackOutputs(schema);
  if (kind === "args") return argumentsTable(of, schema);
  if (kind === "alerts") return tableOf(alertsTable());
  if (kind === "metrics") return tableOf(metricsTable(of));
  throw new UserError(
    `table:${kind} is not a table; the tables are config, modelKeys, outputs, args, alerts and metrics`,
  );
}

/** The settings that people change first: the README lists no others. */
const commonKeys = [
  ...["cluster", "dataStores", "kubeContext", "namespace", "imageRegistry", "models"],
  ...["monitoring", "alertReceivers", "gcpProject", "domain"],
];

function configTable(keys: readonly string[] = configKeys): string {
  const listed = configKeys.filter((key) => keys.includes(key));
  const rows = listed.map((key) => {
    const { type, default: otherwise, description, isSecret } = settingOf(key);
    const text = textOf(otherwise);
    const shown = ["", "{}", "[]"].includes(text) ? "" : code(text);
    return [code(key), isSecret ? `${type}, secret` : type, shown, description];
  });
  return table(["Key", "Type", "Default", "Meaning"], rows);
}

/** The keys of one model in a stack. */
function modelKeysTable(schema: Schema): string {
  const rows = Object.entries<ModelKey>(modelKeys).map(([key, one]) => {
    const { description = "", ...property } = modelKeyProperty(one, schema);
    return [code(key), typeText(property), description];
  });
  return table(["Key", "Type", "Meaning"], rows);
}

/** The platform's outputs, and those that the program declares in addition. */
function stackOutputs(schema: Schema): string {
  const { namespace: _, ...ofPlatform } = resource("MlopsPlatform", schema).properties;
  const program = readFileSync(join(checkoutRoot, "program/stackOutputs.ts"), "utf8");
  const own = program.matchAll(/^  \/\*\* (.*) \*\/\n  (\w+)\??: /gm);
  return table(
    ["Output", "Meaning"],
    [
      ...Object.entries(ofPlatform).map(([name, { description }]) => [code(name), description!]),
      ...[...own].map(([, meaning, name]) => [code(name!), meaning!]),
    ],
  );
}

function componentOutputs(component: string, schema: Schema): string {
  const { properties } = resource(component, schema);
  return table(
    ["Output", "Type", "Meaning"],
    Object.entries(properties).map(([name, property]) => [
      code(name),
      typeText(property),
      property.description ?? "",
    ]),
  );
}

function argumentsTable(of: string, schema: Schema): string {
  const nested = schema.types[token(of)];
  const properties = nested?.properties ?? resource(of, schema).inputProperties;
  return table(
    ["Argument", "Type", "Meaning"],
    Object.entries(properties).map(([name, property]) => [
      property.optional === true ? code(name) : `${code(name)} (required)`,
      typeText(property),
      property.description ?? "",
    ]),
  );
}

function resource(component: string, schema: Schema): Schema["resources"][string] {
  const found = schema.resources[token(component)];
  if (found) return found;
  const known = [...Object.keys(schema.resources), ...Object.keys(schema.types)];
  const names = known.map((key) => key.replace(/^.*:/, "")).join(", ");
  throw new UserError(`${component} is not a component or argument type; they are ${names}`);
}

/** The name of the type, independent of the language. */
function typeText(property: Property): string {
  if (property.$ref === "pulumi.json#/Any") return "anything";
  if (property.$ref !== undefined) return code(property.$ref.replace(/^.*:/, ""));
  if (property.items) return `list of ${typeText(property.items)}`;
  if (property.additionalProperties) return `map of ${typeText(property.additionalProperties)}`;
  return property.type ?? "any";
}

const code = (text: string) => `\`${text}\``;

const tableOf = ({ headings, rows }: Table) => table(headings, rows);

/** A Markdown table in the form that Prettier gives it. */
function table(headings: readonly string[], rows: Rows): string {
  const cells = [headings, ...rows].map((row) =>
    row.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")),
  );
  const widths = headings.map((_, column) =>
    Math.max(3, ...cells.map((row) => row[column]!.length)),
  );
  const line = (row: readonly string[], filler: string) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!, filler)).join(" | ")} |`;
  const [head, ...body] = cells;
  return [
    line(head!, " "),
    line(
      headings.map(() => ""),
      "-",
    ),
    ...body.map((row) => line(row, " ")),
  ].join("\n");
}
