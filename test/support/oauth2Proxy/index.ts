import { existsSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { checkoutRoot, claimCache } from "../../../local/support/cache.ts";
import { contentKey, goBuild } from "../../../local/support/goBuild.ts";

const sources = join(checkoutRoot, "test/support/oauth2Proxy");
const moduleName = "github.com/oauth2-proxy/oauth2-proxy/v7";

/** The program that the official image holds, built from its Go module once and kept in the cache. */
export async function oauth2Proxy(): Promise<string> {
  const folder = join(claimCache(), "tests");
  const program = join(folder, `oauth2-proxy-${await contentKey(sources, ["go.mod", "go.sum"])}`);
  if (existsSync(program)) return program;
  await mkdir(folder, { recursive: true });
  const draft = `${program}.${process.pid}`;
  await goBuild({
    cwd: sources,
    target: moduleName,
    output: draft,
    diskFull: "The disk is full: building oauth2-proxy needs about 2 GB for Go's caches",
  });
  await rename(draft, program);
  return program;
}
