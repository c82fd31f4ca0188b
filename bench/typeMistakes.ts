/* Lines of TypeScript that the type check has to refuse, for each option of strictness and for both providers. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkoutRoot } from "../local/support/cache.ts";

const text = readFileSync(join(checkoutRoot, "bench/typeMistakes.json"), "utf8");
const mistakes = Object.entries(JSON.parse(text) as { [option: string]: [string, string] });

export const expectedErrors = mistakes.map(([option, [, error]]) => `${option} ${error}`);

/** By the option that a mistake breaks, the error that a compiler reports. */
export function reportedErrors(compiler: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), "mlops-types-"));
  try {
    symlinkSync(join(checkoutRoot, "node_modules"), join(folder, "node_modules"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    for (const [option, [lines]] of mistakes) writeFileSync(join(folder, `${option}.ts`), lines);
    const options = { extends: join(checkoutRoot, "tsconfig.json"), include: ["*.ts"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(options));
    const args = [compiler, "-p", folder, "--pretty", "false"];
    const { stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
    const found = stdout.matchAll(/(\w+)\.ts\(\d+,\d+\): error (TS\d+)/g);
    return [...found].map(([, option, error]) => `${option} ${error}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
