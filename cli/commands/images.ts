import { renewBase } from "../../program/images.ts";
import { Option } from "commander";
import type { CommandDefinition } from "../commandLine.ts";
import { readDeployment } from "../deployment.ts";
import { provideImages } from "../provideImages.ts";
import { settingsOptions, targetOptions } from "../options.ts";
import { readSettings } from "../stackSettings.ts";
import { findTarget, lookAt, startTarget } from "../targetAccess.ts";

/** Builds the images and loads them, without deploying anything. */
export const images: CommandDefinition<{ push?: boolean; force?: boolean }> = {
  options: [
    ...settingsOptions,
    ...targetOptions,
    new Option("--push", "Push to the stack's registry instead of loading into the cluster"),
    new Option("--force", "Rebuild everything on a base of today, noted in apps/base-date"),
  ],
  async run({ push = false, force = false, ...options }) {
    const settings = readSettings(options);
    if (force) renewBase(new Date().toISOString().slice(0, 10));
    if (push) {
      await provideImages(settings, "registry", { force });
      return 0;
    }
    const target = await findTarget(options, settings, readDeployment(settings.stack));
    const access = await startTarget(target);
    const { own } = await lookAt(target, access);
    await provideImages(settings, target, { force, own });
    return 0;
  },
};
