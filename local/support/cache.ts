import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "./errors.ts";

const folderName = "mlops-platform";

/** Where everything heavy lives (binaries, images, the local cluster): outside the checkout, safe to delete. */
export function cacheRoot(env: NodeJS.ProcessEnv = process.env): string {
  return env["MLOPS_CACHE_DIR"] ? join(env["MLOPS_CACHE_DIR"], folderName) : defaultRoot(env);
}

const defaultRoot = (env: NodeJS.ProcessEnv) =>
  join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), folderName);

/** What this project keeps below the cache root. */
const cacheParts = ["bin", "bundle", "cluster", "e2e", "helm", "images", "node", "pulumi", "tests"];

/** Marks every cache that this project has created: without it nothing below the folder is deleted. */
const marker = ".mlops-cache";

/**
 * Makes the cache root and marks it as this project's; call it before anything is written there.
 * @throws UserError where the folder holds files that this project did not create.
 */
export function claimCache(root: string = cacheRoot()): string {
  if (existsSync(join(root, marker))) return root;
  mkdirSync(root, { recursive: true });
  if (readdirSync(root).length > 0 && !ownsCache(root)) {
    throw new UserError(
      `the cache folder ${root} holds files that this project did not create (there is no ${marker} in it); move it away, or set MLOPS_CACHE_DIR to another folder`,
    );
  }
  writeFileSync(
    join(root, marker),
    "Created by mlops-platform, which may delete what it keeps here.\n",
  );
  return root;
}

/** Whether this project has made the folder, and so may delete its parts. */
export function ownsCache(root: string = cacheRoot()): boolean {
  return existsSync(join(root, marker)) || isUnmarkedCache(root);
}

/** The default folder of earlier versions, which had no marker. */
function isUnmarkedCache(root: string): boolean {
  if (root !== defaultRoot(process.env) || !existsSync(root)) return false;
  const entries = readdirSync(root);
  return entries.length > 0 && entries.every((entry) => cacheParts.includes(entry));
}

/** Deletes what this project keeps in its cache, and the folder unless it has other files. */
export function removeCache(root: string = cacheRoot()): void {
  if (!ownsCache(root)) return;
  for (const part of [...cacheParts, marker]) {
    rmSync(join(root, part), { recursive: true, force: true });
  }
  try {
    rmdirSync(root);
  } catch {
    // it has files that are not ours
  }
}

/** Keeps compiled code for the next run, where the cache can be written. */
export function keepCompiledCode(): void {
  try {
    enableCompileCache(join(claimCache(), "node"));
  } catch {
    // only slower without it
  }
}

export const checkoutRoot = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** State of this checkout that is not committed: engine state, generated stack settings. */
export const workFolder = join(checkoutRoot, ".mlops");
