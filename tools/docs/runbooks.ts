import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";

const folder = join(checkoutRoot, "docs", "runbooks");

/** Components read no file, so the runbooks that they put into Grafana are a module of theirs. */
export const runbooksFile = join(checkoutRoot, "components", "monitoring", "runbookTexts.ts");

export function runbooksText(): string {
  const names = readdirSync(folder)
    .filter((file) => file.endsWith(".md") && file !== "README.md")
    .map((file) => file.replace(/\.md$/, ""))
    .sort();
  const lines = names.map(
    (name) => `  ${name}: ${JSON.stringify(readFileSync(join(folder, `${name}.md`), "utf8"))},`,
  );
  return `/** Pages of docs/runbooks by alert, for the dashboard of Grafana. Made by \`npm run docs\`. */
export const runbooks: Readonly<Record<string, string>> = {
${lines.join("\n")}
};
`;
}
