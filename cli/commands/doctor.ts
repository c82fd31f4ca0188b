import type { Options } from "../commandLine.ts";
import { Facts } from "../doctor/facts.ts";
import { checks } from "../doctor/index.ts";
import { reportText } from "../doctor/report.ts";
import { runChecks } from "../doctor/runChecks.ts";

/** Looks for what is wrong, from this machine's tools to the served models; changes nothing. */
export async function doctor(options: Options & { json?: boolean }): Promise<number> {
  const facts = new Facts(options);
  try {
    const results = await runChecks(checks, facts);
    console.log(
      options.json === true ? JSON.stringify(results, undefined, 2) : reportText(results),
    );
    return results.some(({ status }) => status === "failed") ? 1 : 0;
  } finally {
    await facts.close();
  }
}
