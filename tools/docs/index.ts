import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";
import { inferSchema, schemaPath, schemaText } from "./schema.ts";
import { fillTables } from "./tables.ts";

/** Every page that people read: README.md and the Markdown files under docs/, relative to the checkout. */
export function pages(): string[] {
  const docs = readdirSync(join(checkoutRoot, "docs"), { recursive: true, encoding: "utf8" });
  const under = docs.filter((path) => path.endsWith(".md")).map((path) => join("docs", path));
  return ["README.md", ...under].filter((path) => existsSync(join(checkoutRoot, path))).sort();
}

/**
 * Brings components/schema.json and every generated table up to date with the sources.
 * @returns the files that changed, relative to the checkout
 */
export function writeDocTables(): string[] {
  const schema = inferSchema();
  const changed = pages().filter((path) => {
    const file = join(checkoutRoot, path);
    const text = readFileSync(file, "utf8");
    return rewrite(file, text, fillTables(text, schema));
  });
  const committed = existsSync(schemaPath) ? readFileSync(schemaPath, "utf8") : "";
  if (rewrite(schemaPath, committed, schemaText(schema))) changed.push("components/schema.json");
  return changed;
}

function rewrite(file: string, before: string, after: string): boolean {
  if (before === after) return false;
  writeFileSync(file, after);
  return true;
}
