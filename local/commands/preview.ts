import { accessForPreview, targetOptions } from "../access.ts";
import { readDeployment } from "../deployment.ts";
import { chooseEngine, engineOption, openEngine } from "../engines.ts";
import { readSettings, settingsOptions } from "../settings.ts";
import type { Command } from "../support/arguments.ts";

/** What `up` would change. Starts and builds nothing. */
export const preview: Command = {
  options: { ...settingsOptions, ...targetOptions, ...engineOption },
  async run(values) {
    const settings = readSettings(values);
    const remembered = readDeployment(settings.stack);
    const engine = chooseEngine(values, remembered?.engine);
    const access = await accessForPreview(values, remembered);
    return await openEngine(engine, settings, access).preview();
  },
};
