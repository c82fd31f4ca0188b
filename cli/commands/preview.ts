import { usesGoogleCloud } from "../../program/contradictions.ts";
import { readDeployment } from "../deployment.ts";
import { chooseEngine, openEngine } from "../engineChoice.ts";
import { checkOwnershipIfReachable } from "../ownershipCheck.ts";
import { costTable, freeSentence } from "../../ci/costTable.ts";
import { plannedCosts } from "../../ci/costs.ts";
import { isRefused, policyReport } from "../../ci/brokenPolicies.ts";
import { declaredResources } from "../declaredResources.ts";
import { judgeStack } from "../policyCheck.ts";
import { checkPorts, readSettings, settlePorts, withSettings } from "../stackSettings.ts";
import { chooseCharts, settingsFor, standInSentence } from "../standInCharts.ts";
import { accessForPreview, portsForPreview } from "../targetAccess.ts";
import type { Options } from "../commandLine.ts";

/** What `up` would change and cost, and what the policies say of it. Starts and builds nothing. */
export async function preview(options: Options): Promise<number> {
  const given = readSettings(options);
  const remembered = readDeployment(given.stack);
  const engineName = await chooseEngine(options, given, remembered?.engine);
  const charts = remembered?.charts ?? (await chooseCharts(given, remembered));
  if (charts === "stand-in") console.error(standInSentence);
  const access = await accessForPreview(options, given, remembered);
  const facts = await portsForPreview(given, access, remembered?.target);
  const settings = settlePorts(settingsFor(charts, given), facts);
  const engine = openEngine(engineName, settings, access);
  const costUnpaused = async () => {
    const running = openEngine(engineName, withSettings(settings, { paused: false }), access);
    return plannedCosts((await running.preview({ isQuiet: true })).changes ?? []).now;
  };
  await checkOwnershipIfReachable(access, settings, engine);
  checkPorts(settings, facts);
  const judging = judgeStack(declaredResources(settings), settings, facts.isOwn, options);
  const { code, changes } = await engine.preview();
  const verdicts = await judging;
  if (code !== 0) return code;
  const costs = changes && usesGoogleCloud(settings.config) ? plannedCosts(changes) : undefined;
  const running = costs && settings.config.paused ? await costUnpaused() : undefined;
  console.log(`\nCost: ${costs ? costTable(costs, running) : freeSentence}`);
  console.log(`\n${policyReport(verdicts)}`);
  return isRefused(verdicts) ? 1 : 0;
}
