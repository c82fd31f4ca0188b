import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { mirrored, registryPattern, registryRule } from "../../components/core/imageMirror.ts";
import { officialCharts } from "../../components/monitoring/charts.ts";
import { usesGoogleCloud } from "../../program/contradictions.ts";
import { loadArchive, pushArchive } from "../../local/images/archive.ts";
import { destinationOf } from "../../local/images/destination.ts";
import { UserError } from "../../local/support/errors.ts";
import type { OwnCluster } from "../../program/ownCluster.ts";
import { destinationOptions } from "../provideImages.ts";
import type { StackImage } from "../stackImages.ts";
import { type Settings, withSettings } from "../stackSettings.ts";
import type { Target } from "../target.ts";
import { type Bundle, imagesName } from "./manifest.ts";

/** The settings with the bundle's charts, and with every image in the registry that it is pushed to. */
export function settingsWith(
  { manifest, folder }: Bundle,
  settings: Settings,
  registry: string | undefined,
): Settings {
  if (usesGoogleCloud(settings.config)) {
    throw new UserError(
      `--bundle is for clusters without a network, and the stack ${settings.stack} is on Google Cloud; leave it out`,
    );
  }
  if (
    registry !== undefined &&
    (!registryPattern.test(registry) || /^localhost(\/|$)/.test(registry))
  ) {
    throw new UserError(`--registry must ${registryRule}, not ${registry}`);
  }
  const { prometheus, grafana } = officialCharts;
  const { prometheusChartVersion = prometheus.version, grafanaChartVersion = grafana.version } =
    settings.config;
  const has = (name: string) => `charts/${name}.tgz` in manifest.files;
  const path = (name: string) => join(folder, "charts", `${name}.tgz`);
  return withSettings(settings, {
    ...(has("prometheus") && { prometheusChart: path("prometheus"), prometheusChartVersion }),
    ...(has("grafana") && { grafanaChart: path("grafana"), grafanaChartVersion }),
    ...(registry !== undefined && { imageRegistry: registry, imageMirror: registry }),
  });
}

/** Programs of the bundle are found where this machine has none. */
export function offerTools({ folder }: Bundle): void {
  const tools = join(folder, "tools");
  if (existsSync(tools)) process.env["PATH"] = [process.env["PATH"], tools].join(delimiter);
}

/** What an image of the bundle is called in a registry. */
const inRegistry = ({ manifest: { imageRegistry } }: Bundle, registry: string | undefined) => {
  if (registry === undefined) return (reference: string) => reference;
  return (reference: string) =>
    reference.startsWith(`${imageRegistry}/`)
      ? `${registry}${reference.slice(imageRegistry.length)}`
      : mirrored(reference, registry);
};

/** @throws UserError where the bundle is another stack's, or of another state of the checkout. */
export function checkImages(
  bundle: Bundle,
  needed: readonly StackImage[],
  stack: string,
  registry: string | undefined,
): void {
  const { manifest } = bundle;
  const there = new Set(
    manifest.images.map(({ reference }) => inRegistry(bundle, registry)(reference)),
  );
  const lacking = needed.map(({ reference }) => reference).filter((one) => !there.has(one));
  if (lacking.length === 0) return;
  throw new UserError(
    `the bundle was made for the stack ${manifest.stack} and lacks images of ${stack} as it is now; make it again from this checkout with \`npm run bundle -- --stack ${stack} --output FILE\`\n  - ${lacking.join("\n  - ")}`,
  );
}

/** Brings the bundle's images to where the target's pods find them. */
export async function deliver(
  bundle: Bundle,
  settings: Settings,
  target: Target,
  { own, registry }: { own?: OwnCluster; registry?: string },
): Promise<void> {
  const archive = join(bundle.folder, imagesName);
  const { images } = bundle.manifest;
  if (registry !== undefined) {
    await pushArchive(archive, images, inRegistry(bundle, registry));
  } else if (target.kind === "context" && (own === undefined || own.kind === "machine")) {
    throw new UserError(
      `images cannot be loaded into the cluster of the context ${target.context} from here; push them to a registry that it pulls from with --registry HOST/PATH`,
    );
  } else {
    const options = destinationOptions(settings.config, target, own);
    await loadArchive(archive, images, destinationOf(options));
  }
  // what is left is small, and the charts are needed
  await rm(archive);
}
