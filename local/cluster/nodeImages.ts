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
