import { existsSync } from "node:fs";
import { mkdir, open, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { ArchivedImage } from "../../local/images/archive.ts";
import { claimCache } from "../../local/support/cache.ts";
import { UserError } from "../../local/support/errors.ts";
import { sha256 } from "../../local/support/fileHash.ts";
import { run } from "../../local/support/process.ts";
import { reported } from "../../local/support/progress.ts";
import type { Charts } from "../deployment.ts";

/** What a bundle holds, the file `bundle.json` in it. */
export interface BundleManifest {
  readonly format: 1;
  readonly stack: string;
  /** What the packages and programs run on, such as `linux-x64`. */
  readonly platform: string;
  readonly charts: Charts;
  /** Prefix of our images, as the stack had it. */
  readonly imageRegistry: string;
  readonly images: readonly ArchivedImage[];
  /** SHA-256 of each file but the npm packages. */
  readonly files: Readonly<Record<string, string>>;
  /** The npm packages, with the hashes of the lock file. */
  readonly packages: Readonly<Record<string, string>>;
}

export interface Bundle {
  readonly manifest: BundleManifest;
  /** Where its files are, the npm packages apart. */
  readonly folder: string;
}

export const manifestName = "bundle.json";
export const imagesName = "images.tar";

/** Where bundles are packed and unpacked: they are large. */
export const bundlesFolder = () => join(claimCache(), "bundle");

/** @throws UserError where the file is no bundle, or not as it was made. */
export async function openBundle(path: string): Promise<Bundle> {
  if (!existsSync(path)) {
    throw new UserError(`--bundle ${path}: there is no such file; make it with \`npm run bundle\``);
  }
  const file = resolve(path);
  const damaged = (what: string) =>
    new UserError(`--bundle ${path} is damaged: ${what}; copy it again, or make it again`);
  const manifest = await readManifest(path);
  const folder = join(bundlesFolder(), "open");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await reported("Checking the bundle", async () => {
    const names = Object.keys(manifest.files);
    await run("tar", ["-xf", file, "-C", folder, ...names]).catch(() => {
      throw damaged("it cannot be unpacked");
    });
    for (const [name, expected] of Object.entries(manifest.files)) {
      if ((await sha256(join(folder, name))) !== expected) {
        throw damaged(`the content of ${name} does not have the SHA-256 of ${manifestName}`);
      }
    }
  });
  return { manifest, folder };
}

/** It is the first file of the archive, so that the rest need not be read. */
async function readManifest(path: string): Promise<BundleManifest> {
  const file = await open(path);
  try {
    const header = await file.read(Buffer.alloc(512), 0, 512, 0);
    const field = (start: number, end: number) =>
      header.buffer.toString("latin1", start, end).replace(/\0.*$/s, "");
    const size = Number.parseInt(field(124, 136), 8);
    if (field(0, 100) !== manifestName || !(size < largestManifest)) throw new Error("no bundle");
    const content = await file.read(Buffer.alloc(size), 0, size, 512);
    const manifest = JSON.parse(content.buffer.toString()) as BundleManifest;
    if (manifest.format !== 1 || !Object.keys(manifest.files).every(isKnown)) {
      throw new Error("of another version");
    }
    return manifest;
  } catch {
    throw new UserError(
      `--bundle ${path} is not a bundle of this version of the platform; make it with \`npm run bundle\` from this checkout`,
    );
  } finally {
    await file.close();
  }
}

const largestManifest = 16_000_000;

/** Nothing else is unpacked, wherever it would go. */
const isKnown = (name: string) => /^(images\.tar|charts\/\w+\.tgz|tools\/helm)$/.test(name);
