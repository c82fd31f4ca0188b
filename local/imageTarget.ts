import { type App, APPS } from "../images.ts";
import { ensureImages } from "./images/index.ts";
import type { Settings } from "./settings.ts";
import type { Target } from "./target.ts";

/** Builds what is missing of the platform's images and brings it to where the target's pods find it. */
export async function provideImages(settings: Settings, target: Target): Promise<void> {
  const { imageRegistry, postgresImage } = settings.config;
  const apps: App[] = APPS.filter((app) => app !== "postgres" || postgresImage === undefined);
  const context = target.kind === "context" ? target.context : undefined;
  await ensureImages({
    registry: imageRegistry,
    target: target.kind === "context" ? "context" : target.kind,
    context,
    apps,
  });
}
