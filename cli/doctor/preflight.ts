import { UserError } from "../../local/support/errors.ts";
import type { KubernetesClient } from "../../local/support/kubernetesClient.ts";
import type { Settings } from "../stackSettings.ts";
import { Facts } from "./facts.ts";
import { checks } from "./index.ts";
import { runChecks } from "./runChecks.ts";

/** Throws what would keep an `up` from its end, before it has built or changed anything; warnings are only printed. */
export async function preflight(settings: Settings, client: KubernetesClient): Promise<void> {
  const facts = new Facts({ stack: settings.stack }, settings, client);
  const results = await runChecks(
    checks.filter(({ isPreflight }) => isPreflight),
    facts,
  );
  const findings = results.flatMap((result) => (result.isBroken ? [] : result.findings));
  for (const { cause, fix } of findings.filter(({ isWarning }) => isWarning)) {
    console.error(`${cause}; ${fix}`);
  }
  const faults = findings.filter(({ isWarning }) => !isWarning);
  if (faults.length === 0) return;
  const lines = faults.map(({ symptom, cause, fix }) => `  - ${symptom}: ${cause}; ${fix}`);
  throw new UserError(
    `this cluster cannot run the platform; nothing was changed\n${lines.join("\n")}`,
  );
}
