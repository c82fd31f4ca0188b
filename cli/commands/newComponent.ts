import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";
import { UserError } from "../../local/support/errors.ts";

const className = /^([A-Z][a-z0-9]*)+$/;

/** Creates a working component, with its test and its page, and prints the next steps. */
export function newComponent(_: object, [name]: string[]): Promise<number> {
  const made = makeComponent(name);
  console.log(
    [
      `${name} is ready: ${made.join(", ")}, and components/index.ts exports it.`,
      "",
      "Next:",
      `  npx jest ${made[2]}`,
      "  add it to the list in test/contract/schema.test.ts and to docs/index.md and CHANGELOG.md",
      "  npm run docs",
    ].join("\n"),
  );
  return Promise.resolve(0);
}

/**
 * Makes the files of a component from the templates.
 * @returns their paths below the checkout
 * @throws UserError where the name is bad or taken, before anything is written.
 */
export function makeComponent(name: string | undefined, root = checkoutRoot): string[] {
  if (name === undefined || !className.test(name)) {
    const given = name === undefined ? "" : `, not ${name}`;
    throw new UserError(
      `name the component as its class, such as \`npm run new:component FeatureStore\`${given}`,
    );
  }
  const basename = name[0]!.toLowerCase() + name.slice(1);
  const folder = `components/${basename}`;
  const page = `docs/components/${basename}.md`;
  for (const taken of [folder, page]) {
    if (existsSync(join(root, taken))) {
      throw new UserError(`${taken} exists already; choose another name`);
    }
  }
  const files = {
    "arguments.ts": `${folder}/arguments.ts`,
    "component.ts": `${folder}/${basename}.ts`,
    "component.test.ts": `test/${folder}/${basename}.test.ts`,
    "page.md": page,
  };
  for (const [template, file] of Object.entries(files)) {
    const text = readFileSync(join(checkoutRoot, "tools/newComponent", `${template}.txt`), "utf8");
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(
      join(root, file),
      text.replaceAll("Example", name).replaceAll(`"example"`, `"${kebab(name)}"`),
    );
  }
  appendFileSync(
    join(root, "components/index.ts"),
    `\nexport type * from "./${basename}/arguments.ts";\nexport { ${name} } from "./${basename}/${basename}.ts";\n`,
  );
  return Object.values(files);
}

const kebab = (name: string) => name.replaceAll(/(?!^)[A-Z]/g, "-$&").toLowerCase();
