import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { UserError } from "../support/errors.ts";
import { run } from "../support/process.ts";
import { clusterPaths, type ClusterPaths } from "./clusterLayout.ts";

function ctr(paths: ClusterPaths, args: string[]): Promise<string> {
  if (!existsSync(paths.containerdSocket)) {
    throw new UserError("The local cluster is not running; start it with `npm run up`");
  }
  return run("ctr", ["--address", paths.containerdSocket, "--namespace", "k8s.io", ...args]);
}

/** An OCI descriptor of a part of an image. */
export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  annotations?: Record<string, string>;
}

/** Layers of images, by the digest of what is in them uncompressed. */
export type Layers = ReadonlyMap<string, Descriptor>;

/** The layers of the images that the running cluster has. */
export async function layersPresent(paths = clusterPaths()): Promise<Layers> {
  const blobs = join(paths.containerd, "io.containerd.content.v1.content/blobs");
  const blob = (digest: string) => join(blobs, digest.replace(":", "/"));
  const read = async <T>(digest: string) => JSON.parse(await readFile(blob(digest), "utf8")) as T;
  const [, ...lines] = (await ctr(paths, ["images", "list"])).trim().split("\n");
  const layers = new Map<string, Descriptor>();
  for (const digest of new Set(lines.map((line) => line.split(/\s+/)[2]!))) {
    type Manifest = { config?: Descriptor; layers?: Descriptor[] };
    const { config, layers: parts = [] } = await read<Manifest>(digest);
    if (!config) continue; // of several platforms
    const { rootfs } = await read<{ rootfs: { diff_ids: string[] } }>(config.digest);
    parts.forEach((part, at) => {
      if (existsSync(blob(part.digest))) layers.set(rootfs.diff_ids[at]!, part);
    });
  }
  return layers;
}

/** Loads an archive of images (OCI layout or docker-save, tar) into the running cluster. */
export async function importImages(archivePath: string, paths = clusterPaths()): Promise<void> {
  await ctr(paths, ["images", "import", archivePath]);
}

/** True if the running cluster has an image of exactly this name. */
export async function hasImage(reference: string, paths = clusterPaths()): Promise<boolean> {
  const found = await ctr(paths, ["images", "list", "--quiet", `name==${reference}`]);
  return found.trim() === reference;
}

/** Writes an archive with one image whose only file is a static program, which is also its entry point. */
export async function writeProgramImage(
  program: string,
  reference: string,
  archivePath: string,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "mlops-image-"));
  try {
    const name = basename(program);
    const deterministic = ["--owner=0", "--group=0", "--numeric-owner", "--mtime=@0"];
    const layer = join(folder, "layer.tar");
    await run("tar", [...deterministic, "-cf", layer, "-C", join(program, ".."), name]);
    const digest = createHash("sha256")
      .update(await readFile(layer))
      .digest("hex");
    const config = {
      architecture: process.arch === "x64" ? "amd64" : process.arch,
      os: "linux",
      config: { Entrypoint: [`/${name}`] },
      rootfs: { type: "layers", diff_ids: [`sha256:${digest}`] },
    };
    await writeFile(join(folder, "config.json"), JSON.stringify(config));
    const manifest = [{ Config: "config.json", RepoTags: [reference], Layers: ["layer.tar"] }];
    await writeFile(join(folder, "manifest.json"), JSON.stringify(manifest));
    await mkdir(join(archivePath, ".."), { recursive: true });
    const parts = ["manifest.json", "config.json", "layer.tar"];
    await run("tar", ["-cf", archivePath, "-C", folder, ...parts]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
