import { findTarget, startTarget, targetOptions } from "../access.ts";
import { readDeployment } from "../deployment.ts";
import { provideImages } from "../imageTarget.ts";
import { readSettings, settingsOptions } from "../settings.ts";
import type { Command } from "../support/arguments.ts";

/** Builds the images and loads them, without deploying anything. */
export const images: Command = {
  options: {
    ...settingsOptions,
    ...targetOptions,
    push: {
      type: "boolean",
      help: "Push to the stack's registry instead of loading into the cluster",
    },
    force: { type: "boolean", help: "Build anew what is there already" },
  },
  async run(values) {
    const settings = readSettings(values);
    const force = values["force"] === true;
    if (values["push"] === true) {
      await provideImages(settings, "registry", { force });
      return 0;
    }
    const target = await findTarget(values, settings, readDeployment(settings.stack));
    await startTarget(target);
    await provideImages(settings, target, { force });
    return 0;
  },
};
