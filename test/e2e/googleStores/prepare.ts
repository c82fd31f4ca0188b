import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { imageOfModel, imageReference } from "../../../program/images.ts";
import { hasImage, importImages, startCluster } from "../../../local/cluster/index.ts";
import { writeProgramImage } from "../../../local/cluster/nodeImages.ts";
import { ensureImages } from "../../../local/images/index.ts";
import { checkoutRoot } from "../../../local/support/cache.ts";
import { contentKey, goBuild, requireGo } from "../../../local/support/goBuild.ts";
import { reported } from "../../../local/support/progress.ts";

/*
 * Starts the local cluster with every image that `program.ts` needs, and prints their references as settings of it.
 * Its argument is the folder that keeps what stands in for Google.
 */

const sources = join(checkoutRoot, "test/e2e/googleStores/standIns");
const standIns = ["bucket", "proxy"] as const;

/** Builds the stand-ins from their Go module, unless they are there. */
async function build(folder: string): Promise<void> {
  if (standIns.every((name) => existsSync(join(folder, name)))) return;
  await requireGo((found) => `The stand-ins for Google are built with Go, and ${found} there`);
  await mkdir(folder, { recursive: true });
  for (const name of standIns) {
    await reported(`Building the stand-in ${name}`, (step) =>
      goBuild({
        cwd: sources,
        target: `./${name}`,
        output: join(folder, name),
        onProgress: (detail) => step.update(detail),
        diskFull: "The disk is full: building the stand-ins for Google needs about 2 GB",
      }),
    );
  }
}

const key = await contentKey(sources, ["go.mod", "go.sum", "bucket/main.go", "proxy/main.go"]);
const folder = join(process.argv[2]!, key);
await build(folder);
await startCluster({ onProgress: (step) => console.error(step) });
const images = {
  trackingImage: "tracking",
  servingImage: imageOfModel("diabetes-progression"),
  predictImage: "predict",
  postgresImage: "postgres",
} as const;
await ensureImages({ target: "local-cluster", apps: Object.values(images) });
const settings: Record<string, string> = {};
for (const [setting, name] of Object.entries(images)) settings[setting] = imageReference(name);
for (const name of standIns) {
  const reference = `localhost/mlops-test/${name}:${key}`;
  settings[`${name}Image`] = reference;
  if (await hasImage(reference)) continue;
  const archive = join(folder, `${name}.tar`);
  await writeProgramImage(join(folder, name), reference, archive);
  await importImages(archive);
}
process.stdout.write(`${JSON.stringify(settings)}\n`, () => process.exit(0));
