import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where everything heavy lives (binaries, images, the local cluster): outside the checkout, safe to delete. */
export function cacheRoot(env: NodeJS.ProcessEnv = process.env): string {
  if (env["MLOPS_CACHE_DIR"]) return env["MLOPS_CACHE_DIR"];
  return join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "mlops-platform");
}

/** What this project keeps below the cache root; nothing else there is ours to delete. */
export const cacheParts = ["bin", "cluster", "e2e", "helm", "images", "node", "tests"] as const;

/** The root folder of this checkout. */
export const checkoutRoot = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** State of this checkout that is not committed: engine state, generated stack settings. */
export const workFolder = join(checkoutRoot, ".mlops");
