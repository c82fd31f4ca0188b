import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";
import { rules } from "../../policy/rules/index.ts";

const read = (path: string) => readFileSync(join(checkoutRoot, "policy", path), "utf8");
const readme = read("README.md");

test("the README has a row for every rule, and for nothing else", () => {
  const rows = [...readme.matchAll(/^\| `([a-z-]+)` +\| (mandatory|advisory) +\| (.*?) +\|$/gm)];
  expect(rows.map(([, name, level, text]) => ({ name, level, text }))).toEqual(
    rules.map(({ name, level, description }) => ({ name, level, text: description })),
  );
});

test("every setting of a rule is documented", () => {
  for (const { configSchema } of rules) {
    for (const key of Object.keys(configSchema?.properties ?? {}))
      expect(readme).toContain(`\`${key}\``);
  }
});

test("the settings of the workflows are settings of the rules", () => {
  const config = JSON.parse(read("config.json")) as Record<string, object>;
  for (const [name, settings] of Object.entries(config)) {
    const rule = rules.find((one) => one.name === name);
    expect(Object.keys(rule?.configSchema?.properties ?? {})).toEqual(
      expect.arrayContaining(Object.keys(settings)),
    );
  }
});
