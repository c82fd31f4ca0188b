import { renewBase } from "../../program/images.ts";
import { findTarget, lookAt, startTarget, targetOptions } from "../access.ts";
import { readDeployment } from "../deployment.ts";
import { provideImages } from "../imageTarget.ts";
import { readSettings, settingsOptions } from "../stackSettings.ts";
import type { Command } from "../arguments.ts";

/** Builds the images and loads them, without deploying anything. */
export const images: Command = {
  options: {
    ...settingsOptions,
    ...targetOptions,
    push: {
      type: "boolean",
      help: "Push to the stack's registry instead of loading into the cluster",
    },
    force: {
      type: "boolean",
      help: "Rebuild everything on a base of today, noted in apps/base-date",
    },
  },
  async run(values) {
    const settings = readSettings(values);
    const force = values["force"] === true;
    if (force) renewBase(new Date().toISOString().slice(0, 10));
    if (values["push"] === true) {
      await provideImages(settings, "registry", { force });
      return 0;
    }
    const target = await findTarget(values, settings, readDeployment(settings.stack));
    const access = await startTarget(target);
    const { own } = await lookAt(target, access);
    await provideImages(settings, target, { force, own });
    return 0;
  },
};
