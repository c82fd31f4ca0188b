import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pages } from "../../tools/docs/index.ts";
import { checkoutRoot, workFolder } from "../../local/support/cache.ts";
import { typeErrors } from "../support/node.ts";

/** The TypeScript blocks of a page, under the line they start at. A block fenced as a fragment cannot stand alone. */
function codeBlocks(page: string): { file: string; code: string }[] {
  const text = readFileSync(join(checkoutRoot, page), "utf8");
  return [...text.matchAll(/^```(?:ts|typescript)\n([\s\S]*?)^```$/gm)].map((match) => {
    const line = text.slice(0, match.index).split("\n").length;
    return { file: `${page.replaceAll(/[/.]/g, "-")}-line-${line}.ts`, code: match[1]! };
  });
}

/** Compiles each block as its own module, in a project that imports the package as a user does. */
function compile(blocks: readonly { file: string; code: string }[]): string {
  const folder = join(workFolder, "doc-blocks");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { file, code } of blocks) writeFileSync(join(folder, file), code);
  const project = {
    extends: "../../tsconfig.base.json",
    compilerOptions: {
      allowImportingTsExtensions: true,
      types: ["node"],
      paths: { "@mlops-platform/mlops": ["../../components/index.ts"] },
      // an example may make a thing and leave it at that
      noUnusedLocals: false,
    },
    include: ["*.ts"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(project));
  return typeErrors("-p", folder);
}

test("every TypeScript block of the documentation type-checks", () => {
  const blocks = pages().flatMap(codeBlocks);
  expect(blocks.length).toBeGreaterThan(0);
  expect(compile(blocks)).toBe("");
});

test("a block with a wrong argument would be found", () => {
  const code =
    'import { NetworkFlows } from "@mlops-platform/mlops";\nnew NetworkFlows("n", { flow: [] });\n';
  expect(compile([{ file: "wrong.ts", code }])).toMatch(/^\S*wrong\.ts\(2,\d+\): error TS/);
});
