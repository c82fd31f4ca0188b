import { join, resolve } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";
import { run, runInForeground } from "../../local/support/process.ts";
import { CommandError } from "../../local/support/process.ts";
import { none, type Outcome } from "./outcome.ts";

export const passed: Outcome = { ...none, passed: 1 };
export const failed: Outcome = { ...none, failed: 1 };
export const skipped = (reason: string): Outcome => ({
  ...none,
  skipped: 1,
  notes: [`skipped: ${reason}`],
});

/** Where reports, screenshots and executed notebooks of a run are kept. Not committed. */
export const resultsFolder = join(checkoutRoot, "test-results");

/** TypeScript's compilers: the quick one, and the one whose interface ESLint, Pulumi and jest use. */
export const compilers = {
  go: join(checkoutRoot, "tools/typescript/node_modules/typescript/bin/tsc"),
  javascript: join(checkoutRoot, "node_modules/typescript/bin/tsc"),
};

/** One command of a package of ours, or a script: it passes with exit code 0. */
export async function check(binary: string, ...args: string[]): Promise<Outcome> {
  const path = resolve(checkoutRoot, "node_modules/.bin", binary);
  const code = await runInForeground(process.execPath, [path, ...args], { cwd: checkoutRoot });
  return code === 0 ? passed : failed;
}

/** Known vulnerabilities of the packages, where the registry can be asked for them. */
export async function audit(): Promise<Outcome> {
  try {
    await run("npm", ["audit", "--audit-level=high", "--omit=dev", "--json"], {
      cwd: checkoutRoot,
    });
    return passed;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const report = parsed(error.output);
    if (report?.metadata?.vulnerabilities === undefined) {
      return skipped("npm audit: this registry has no audit endpoint");
    }
    console.log(Object.keys(report.vulnerabilities ?? {}).join("\n"));
    return failed;
  }
}

interface AuditReport {
  metadata?: { vulnerabilities?: unknown };
  vulnerabilities?: Record<string, unknown>;
}

function parsed(text: string): AuditReport | undefined {
  try {
    return JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1)) as AuditReport;
  } catch {
    return undefined;
  }
}
