import { accessForPreview, targetOptions } from "../access.ts";
import { readDeployment } from "../deployment.ts";
import { chooseEngine, engineOption, openEngine } from "../engines.ts";
import { readSettings, settingsOptions } from "../settings.ts";
import { chooseCharts, settingsFor, standInSentence } from "../standInCharts.ts";
import type { Command } from "../support/arguments.ts";

/** What `up` would change. Starts and builds nothing. */
export const preview: Command = {
  options: { ...settingsOptions, ...targetOptions, ...engineOption },
  async run(values) {
    const given = readSettings(values);
    const remembered = readDeployment(given.stack);
    const engine = chooseEngine(values, remembered?.engine);
    const charts = remembered?.charts ?? (await chooseCharts(given, remembered));
    const settings = settingsFor(charts, given);
    if (charts === "stand-in") console.error(standInSentence);
    const access = await accessForPreview(values, remembered);
    return await openEngine(engine, settings, access).preview();
  },
};
