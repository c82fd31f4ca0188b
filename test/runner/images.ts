import { buildWithBuildah } from "../../local/images/buildahImages.ts";
import { withBuildah } from "../../local/images/buildahSession.ts";
import { imageFor } from "../../local/images/index.ts";
import { APPS, DEFAULT_REGISTRY, imageOfModel } from "../../program/images.ts";
import { reasonToSkip } from "../e2e/support/platform.ts";
import type { Outcome } from "./outcome.ts";
import { passed, skipped } from "./static.ts";

const names = [...APPS, "monitoring", imageOfModel("diabetes-progression")] as const;

/** Builds what the stages with a cluster deploy: they find it in the store, and only load it. */
export async function buildImages(): Promise<Outcome> {
  const reason = reasonToSkip();
  if (reason !== undefined) return skipped(`no images for a local cluster: ${reason}`);
  const images = names.map((name) => imageFor(name, DEFAULT_REGISTRY));
  await withBuildah((session) => buildWithBuildah(session, images, false));
  return { ...passed, passed: images.length };
}
