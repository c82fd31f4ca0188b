import { copyFile, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { chartSource, officialCharts } from "../../components/monitoring/charts.ts";
import { usesGoogleCloud } from "../../program/contradictions.ts";
import { imageRegistryOf } from "../../program/images.ts";
import type { PlatformConfig } from "../../program/settings.ts";
import { ensureHelm } from "../../local/cluster/index.ts";
import { archiveImages, reproducible } from "../../local/images/archive.ts";
import { imageFor } from "../../local/images/index.ts";
import { checkoutRoot } from "../../local/support/cache.ts";
import { UserError } from "../../local/support/errors.ts";
import { sha256 } from "../../local/support/fileHash.ts";
import { CommandError, run } from "../../local/support/process.ts";
import { reported } from "../../local/support/progress.ts";
import type { Charts } from "../deployment.ts";
import { imagesNeeded } from "../provideImages.ts";
import type { Settings } from "../stackSettings.ts";
import { type BundleManifest, bundlesFolder, imagesName, manifestName } from "./manifest.ts";
import { gatherPackages } from "./npmPackages.ts";

/** Writes everything that `up` of a stack needs into one file; the same inputs make the same file. */
export async function makeBundle(
  settings: Settings,
  charts: Charts,
  references: readonly string[],
  output: string,
  checkout = checkoutRoot,
): Promise<BundleManifest> {
  const { stack, config } = settings;
  if (usesGoogleCloud(config)) {
    throw new UserError(
      `the stack ${stack} is on Google Cloud, which an \`up\` without a network cannot reach; choose a stack with cluster: current and dataStores: cluster`,
    );
  }
  await mkdir(bundlesFolder(), { recursive: true });
  const folder = await mkdtemp(join(bundlesFolder(), "pack-"));
  try {
    const registry = imageRegistryOf(config);
    const all = imagesNeeded(config, charts === "stand-in").map((app) => imageFor(app, registry));
    const ours = all.filter(({ reference }) => references.includes(reference));
    const known = new Set(ours.map(({ reference }) => reference));
    const others = references.filter((reference) => !known.has(reference));
    const images = await archiveImages(ours, others, join(folder, imagesName));
    if (config.monitoring) {
      await mkdir(join(folder, "charts"));
      for (const chart of chartsToPull(config, charts)) await pull(chart, join(folder, "charts"));
      await mkdir(join(folder, "tools"));
      await copyFile(await ensureHelm(), join(folder, "tools", "helm"));
    }
    const packages = await gatherPackages(folder, checkout);
    const manifest: BundleManifest = {
      format: 1,
      stack,
      platform: `${process.platform}-${process.arch}`,
      charts,
      imageRegistry: registry,
      images,
      files: await hashes(folder),
      packages,
    };
    await writeFile(join(folder, manifestName), `${JSON.stringify(manifest, undefined, 2)}\n`);
    await reported("Writing the bundle", () => pack(folder, resolve(output)));
    return manifest;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Chart {
  readonly name: string;
  readonly chart: string;
  readonly version?: string;
}

/** A chart that is a path on this machine comes with the checkout. */
function chartsToPull(config: PlatformConfig, charts: Charts): Chart[] {
  const { prometheus, grafana } = officialCharts;
  const given = [
    [prometheus, config.prometheusChart, config.prometheusChartVersion],
    ...(config.grafana
      ? [[grafana, config.grafanaChart, config.grafanaChartVersion] as const]
      : []),
  ] as const;
  return charts === "stand-in"
    ? []
    : given
        .map(([official, chart, version]) => ({
          name: official.name,
          ...chartSource(official, { chart, version }),
        }))
        .filter(({ chart }) => /^(oci|https?):\/\//.test(chart));
}

/** Under the name of the chart alone, whatever the registry calls its archive. */
async function pull({ name, chart, version }: Chart, folder: string): Promise<void> {
  await reported(`Fetching the chart ${[chart, version].filter(Boolean).join(" ")}`, async () => {
    const own = join(folder, name);
    const plainHttp = /^\w+:\/\/(localhost|127\.0\.0\.1)[:/]/.test(chart) ? ["--plain-http"] : [];
    const words = ["pull", chart, ...(version ? ["--version", version] : []), "--destination", own];
    await mkdir(own);
    await run(await ensureHelm(), [...words, ...plainHttp]).catch((error: unknown) => {
      if (!(error instanceof CommandError)) throw error;
      throw new UserError(
        `cannot fetch the chart ${chart}: ${error.output.trim().split("\n").at(-1)}`,
      );
    });
    const [archive = ""] = await readdir(own);
    await rename(join(own, archive), join(folder, `${name}.tgz`));
    await rm(own, { recursive: true });
  });
}

async function hashes(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((name) => !name.startsWith("npm/"))
    .sort();
  const found: Record<string, string> = {};
  for (const name of files) found[name] = await sha256(join(folder, name));
  return found;
}

/** What it is comes first, so that reading it does not take reading all. */
async function pack(folder: string, output: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name !== manifestName).sort();
  await mkdir(dirname(output), { recursive: true });
  await run("tar", [
    ...reproducible,
    ...["-C", folder, "-cf", `${output}.partial`, manifestName, ...names],
  ]);
  await rename(`${output}.partial`, output);
}

/** Bytes of a file, for people. */
export const sizeOf = async (path: string): Promise<string> =>
  `${((await stat(path)).size / 1e6).toFixed(0)} MB`;
