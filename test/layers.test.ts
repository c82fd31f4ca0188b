import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { checkoutRoot } from "../local/support/cache.ts";

const config = ".dependency-cruiser.mjs";
const empty = "export type Nothing = never;\n";

/** What the rules say of a house in which one file imports another. */
async function verdictOn(from: string, to: string, back = false): Promise<string> {
  const house = mkdtempSync(join(tmpdir(), "layers-"));
  try {
    for (const file of [config, "tsconfig.json", "tsconfig.base.json", "package.json"]) {
      cpSync(join(checkoutRoot, file), join(house, file));
    }
    symlinkSync(join(checkoutRoot, "node_modules"), join(house, "node_modules"));
    const write = (file: string, text: string) => {
      mkdirSync(dirname(join(house, file)), { recursive: true });
      writeFileSync(join(house, file), text);
    };
    const importing = (file: string, other: string) =>
      write(file, `import type { Nothing } from "/${other}";\n${empty}`.replace("/", up(file)));
    importing(from, to);
    if (back) importing(to, from);
    else write(to, empty);
    const cli = join(checkoutRoot, "node_modules", ".bin", "depcruise");
    const run = promisify(execFile)(process.execPath, [cli, from, to], { cwd: house });
    return (await run.catch((error: { stdout: string }) => error)).stdout;
  } finally {
    rmSync(house, { recursive: true });
  }
}

const up = (file: string) => "../".repeat(file.split("/").length - 1) || "./";

test.each([
  ["components/core/a.ts", "components/platform/b.ts", "components/core-imports-upwards"],
  ["components/tracking/a.ts", "components/serving/b.ts", "components/tracking-imports-upwards"],
  ["components/serving/a.ts", "components/prediction/b.ts", "components/serving-imports-upwards"],
  ["components/index.ts", "program/b.ts", "components/index.ts-imports-upwards"],
  ["program/a.ts", "cli/b.ts", "program-imports-upwards"],
  ["program/a.ts", "components/core/checks.ts", "components-by-their-index"],
  ["local/engine/a.ts", "cli/b.ts", "only-commands-know-commands"],
  ["local/engine/a.ts", "program/b.ts", "engine-knows-no-platform"],
  ["cli/a.ts", "local/engine/b.ts", "engine-by-its-index"],
  ["tools/docs/a.ts", "index.ts", "only-commands-know-commands"],
])("%s may not import %s, not even a type", async (from, to, rule) => {
  expect(await verdictOn(from, to)).toContain(`error ${rule}`);
});

test("two files may not import each other", async () => {
  expect(await verdictOn("cli/a.ts", "cli/b.ts", true)).toContain("error no-cycles");
});

test.each([
  ["components/serving/a.ts", "components/tracking/b.ts"],
  ["program/a.ts", "components/index.ts"],
  ["cli/a.ts", "local/engine/index.ts"],
])("%s may import %s", async (from, to) => {
  expect(await verdictOn(from, to)).toContain("no dependency violations found");
});
