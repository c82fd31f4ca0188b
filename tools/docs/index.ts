import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";
import { inferSchema, type Schema, schemaPath, schemaText } from "./schema.ts";
import { projectFile, projectText, stackSchemaFile, stackSchemaText } from "./generatedSettings.ts";
import { runbooksFile, runbooksText } from "./runbooks.ts";
import { fillTables } from "./tables.ts";

/** Every page that people read: README.md and the Markdown files under docs/, relative to the checkout. */
export function pages(): string[] {
  const docs = readdirSync(join(checkoutRoot, "docs"), { recursive: true, encoding: "utf8" });
  const under = docs.filter((path) => path.endsWith(".md")).map((path) => join("docs", path));
  return ["README.md", ...under].filter((path) => existsSync(join(checkoutRoot, path))).sort();
}

/** A file that is made from the sources, whole or in part. */
interface Generated {
  readonly file: string;
  readonly text: string;
}

/** The schemas, the settings that Pulumi.yaml declares and every table of the pages, as the sources have them now. */
export function generatedFiles(schema: Schema): Generated[] {
  const filled = pages().map((path) => {
    const file = join(checkoutRoot, path);
    return { file, text: fillTables(readFileSync(file, "utf8"), schema) };
  });
  return [
    ...filled,
    { file: runbooksFile, text: runbooksText() },
    { file: schemaPath, text: schemaText(schema) },
    { file: projectFile, text: projectText() },
    { file: stackSchemaFile, text: stackSchemaText(schema) },
  ];
}

/**
 * Brings everything that is generated up to date.
 * @returns the files that changed, relative to the checkout
 */
export function writeDocTables(): string[] {
  const stale = generatedFiles(inferSchema()).filter(({ file, text }) => contentOf(file) !== text);
  for (const { file, text } of stale) writeFileSync(file, text);
  return stale.map(({ file }) => relative(checkoutRoot, file));
}

/** The text of a file, or nothing where there is none yet. */
export const contentOf = (file: string): string =>
  existsSync(file) ? readFileSync(file, "utf8") : "";
