/*
 * The type check that `npm test -- types` runs, next to the compiler in JavaScript that Pulumi's default template runs: the
 * same files with the same options. Both have to report the same mistakes first.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { checkoutRoot } from "../local/support/cache.ts";
import { compilers } from "../test/runner/static.ts";
import { compared, inPairs, keep } from "./comparison.ts";
import { reportedErrors } from "./typeMistakes.ts";
import { usageOf } from "./usage.ts";

const pairs = Number(process.argv[2] ?? 7);

/** One check. What the process uses is read until it ends. */
async function check(compiler: string) {
  const started = performance.now();
  const args = [compiler, "--noEmit"];
  const child = spawn(process.execPath, args, { cwd: checkoutRoot, stdio: "inherit" });
  let [cpu, mebibytes] = [0, 0];
  const watch = setInterval(() => {
    if (!existsSync(`/proc/${child.pid}/stat`)) return;
    const now = usageOf(child.pid!);
    [cpu, mebibytes] = [now.cpu, Math.max(mebibytes, now.mebibytes)];
  }, 20);
  const [code] = (await once(child, "close")) as [number];
  clearInterval(watch);
  if (code !== 0) throw new Error(`${compiler} ended with ${code}`);
  return { seconds: (performance.now() - started) / 1000, cpu, mebibytes };
}

const { go, javascript } = compilers;
const reported = reportedErrors(go).toSorted();
if (!isDeepStrictEqual(reported, reportedErrors(javascript).toSorted())) {
  throw new Error(`only one of the compilers reports ${reported.join(", ")}`);
}
const checks = [go, javascript].map((compiler) => () => check(compiler));
const runs = await inPairs(pairs, "types", checks[0]!, checks[1]!);
const targets = { seconds: 3, cpu: undefined, mebibytes: undefined };
const note =
  "The check that every change has to pass, by TypeScript 7 in Go: the same files, which import `@pulumi/kubernetes` and `@pulumi/gcp` by their roots, and the same `tsconfig.json`. Before anything is timed, both compilers have to report the same errors in files that break each option of strictness, and in wrong arguments of both providers. `pulumi up` checks no types: Node strips them.";
const comparisons = compared("all TypeScript here", "tsc 5.9 in JavaScript", runs, targets);
keep("type_check", "Type check", comparisons, { notes: [note] });
