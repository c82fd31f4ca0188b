import { usesGoogleCloud } from "../../program/contradictions.ts";
import { accessForPreview, portsForPreview, targetOptions } from "../access.ts";
import { readDeployment } from "../deployment.ts";
import { chooseEngine, engineOption, openEngine } from "../engines.ts";
import { checkOwnershipIfReachable } from "../ownershipCheck.ts";
import { costTable, freeSentence } from "../../ci/costTable.ts";
import { plannedCosts } from "../../ci/costs.ts";
import { readPlan } from "../../ci/plan.ts";
import { isRefused, policyReport } from "../../ci/policies.ts";
import { exceptOption, judgeStack } from "../policyCheck.ts";
import { checkPorts, settlePorts } from "../portCheck.ts";
import { readSettings, settingsOptions } from "../stackSettings.ts";
import { chooseCharts, settingsFor, standInSentence } from "../standInCharts.ts";
import type { Command } from "../arguments.ts";

/** What `up` would change and cost, and what the policies say of it. Starts and builds nothing. */
export const preview: Command = {
  options: { ...settingsOptions, ...targetOptions, ...engineOption, ...exceptOption },
  async run(values) {
    const given = readSettings(values);
    const remembered = readDeployment(given.stack);
    const engineName = chooseEngine(values, remembered?.engine);
    const charts = remembered?.charts ?? (await chooseCharts(given, remembered));
    if (charts === "stand-in") console.error(standInSentence);
    const access = await accessForPreview(values, given, remembered);
    const facts = await portsForPreview(given, access, remembered?.target);
    const settings = settlePorts(settingsFor(charts, given), facts);
    const engine = openEngine(engineName, settings, access);
    await checkOwnershipIfReachable(access, settings, engine);
    checkPorts(settings, facts);
    const judging = judgeStack(settings, facts.isOwn, values);
    const code = await engine.preview();
    const verdicts = await judging;
    if (code !== 0) return code;
    const costOf = async (overrides: Record<string, string>) => {
      const changed = { ...settings, overrides: { ...settings.overrides, ...overrides } };
      const plan = await openEngine(engineName, changed, access).plan();
      return plan === undefined ? undefined : plannedCosts(readPlan(plan));
    };
    const costs = usesGoogleCloud(settings.config) ? await costOf({}) : undefined;
    const running = costs && settings.config.paused ? await costOf({ paused: "false" }) : undefined;
    console.log(`\nCost: ${costs ? costTable(costs, running?.now) : freeSentence}`);
    console.log(`\n${policyReport(verdicts)}`);
    return isRefused(verdicts) ? 1 : 0;
  },
};
