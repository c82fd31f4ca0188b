import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { generatedFiles } from "../../tools/docs/index.ts";
import { componentClasses, readSchema } from "../../tools/docs/schema.ts";
import { fillTables } from "../../tools/docs/tables.ts";
import { checkoutRoot } from "../../local/support/cache.ts";

const schema = readSchema();
const read = (page: string) => readFileSync(join(checkoutRoot, page), "utf8");

test.each(generatedFiles(schema).map(({ file, text }) => [relative(checkoutRoot, file), text]))(
  "what is generated in %s is up to date (else: npm run docs)",
  (file, text) => {
    expect(read(file)).toBe(text);
  },
);

test("the reference lists every setting and every output of the stack", () => {
  expect(read("docs/reference/settings.md")).toContain("<!-- table:config -->");
  expect(read("docs/reference/outputs.md")).toContain("<!-- table:outputs -->");
});

test("the README is read in one go", () => {
  expect(read("README.md").split("\n").length).toBeLessThanOrEqual(201);
});

test.each(componentClasses())("%s has a page with its arguments and its outputs", (component) => {
  const basename = component[0]!.toLowerCase() + component.slice(1);
  const page = read(`docs/components/${basename}.md`);
  const { inputProperties, properties } = schema.resources[`mlops:index:${component}`]!;
  expect(page).toContain(`<!-- table:args ${component} -->`);
  for (const argument of Object.keys(inputProperties)) expect(page).toContain(`| \`${argument}\``);
  if (Object.keys(properties).length === 0) return;
  expect(page).toContain(`<!-- table:outputs ${component} -->`);
  for (const output of Object.keys(properties)) expect(page).toContain(`| \`${output}\``);
});

describe("a table", () => {
  const page = (kind: string, end = kind) =>
    `before\n<!-- table:${kind} -->\nstale\n<!-- /table:${end} -->\nafter\n`;

  test("is replaced between its markers, and nothing else is touched", () => {
    const filled = fillTables(page("outputs VolumeArtifactStore"), schema);
    expect(filled).toMatch(/^before\n<!-- table:outputs VolumeArtifactStore -->\n\n\| Output/);
    expect(filled).toMatch(/\n\n<!-- \/table:outputs VolumeArtifactStore -->\nafter\n$/);
    expect(filled).not.toContain("stale");
    expect(fillTables(filled, schema)).toBe(filled);
  });

  test.each([
    ["args Nothing", "args Nothing", /^Nothing is not a component or argument type; they are /],
    [
      "colours",
      "colours",
      /^table:colours is not a table; the tables are config, modelKeys, outputs, args, alerts and metrics$/,
    ],
    ["metrics moon", "metrics moon", /^moon is not an exporter; they are mlflow, postgres, /],
    ["config", "outputs", /^table:config is not closed; write `<!-- \/table:config -->` after it$/],
  ])("%s closed by %s is refused with a sentence", (kind, end, sentence) => {
    expect(() => fillTables(page(kind, end), schema)).toThrow(sentence);
  });
});
