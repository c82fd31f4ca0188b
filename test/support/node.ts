import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";

/** Runs the TypeScript compiler and returns what it complains about; nothing when all is well. */
export function typeErrors(...args: string[]): string {
  const compiler = join(checkoutRoot, "node_modules", "typescript", "bin", "tsc");
  const { stdout, stderr } = spawnSync(process.execPath, [compiler, "--pretty", "false", ...args], {
    cwd: checkoutRoot,
    encoding: "utf8",
  });
  return stdout + stderr;
}

/** What a module says on standard output, run by Node itself from the root of the checkout. */
export function runModule(source: string): string {
  const args = ["--input-type=module", "--eval", source];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, {
    cwd: checkoutRoot,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}
