import { renewBase } from "../../program/images.ts";
import { readDeployment } from "../deployment.ts";
import { provideImages } from "../provideImages.ts";
import { readSettings } from "../stackSettings.ts";
import { findTarget, lookAt, startTarget } from "../targetAccess.ts";
import type { Options } from "../commandLine.ts";

/** Builds the images and loads them, without deploying anything. */
export async function images({
  push = false,
  force = false,
  ...options
}: Options & { push?: boolean; force?: boolean }): Promise<number> {
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
}
