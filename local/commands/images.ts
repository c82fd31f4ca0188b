import { findTarget, startTarget, targetOptions } from "../access.ts";
import { readDeployment } from "../deployment.ts";
import { provideImages } from "../imageTarget.ts";
import { readSettings, settingsOptions } from "../settings.ts";
import type { Command } from "../support/arguments.ts";

/** Builds the images and loads them, without deploying anything. */
export const images: Command = {
  options: { ...settingsOptions, ...targetOptions },
  async run(values) {
    const settings = readSettings(values);
    const target = await findTarget(values, settings, readDeployment(settings.stack));
    await startTarget(target);
    await provideImages(settings, target);
    return 0;
  },
};
