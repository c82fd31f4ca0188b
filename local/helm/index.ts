import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheRoot, checkoutRoot, claimCache } from "../support/cache.ts";
import { contentKey, goBuild, requireGo } from "../support/goBuild.ts";
import { run, which } from "../support/process.ts";

const sources = join(checkoutRoot, "local/helm");

export interface HelmOptions {
  /** Says how the build of helm gets on, where there has to be one. */
  onProgress?: (message: string) => void;
  /** Ends the build early. */
  signal?: AbortSignal;
  /** Where a helm that was built is kept. */
  folder?: string;
}

/** Path of a helm 3: the one on PATH, else one that is built from its Go module, once. */
export async function ensureHelm(options: HelmOptions = {}): Promise<string> {
  const { onProgress, signal } = options;
  const folder = options.folder ?? join(cacheRoot(), "helm");
  const installed = which("helm");
  if (installed && (await isUsable(installed))) return installed;

  const name = `helm-${await contentKey(sources, ["go.mod", "go.sum"])}`;
  const program = join(folder, name);
  if (existsSync(program)) return program;
  await requireGo(
    (found) =>
      `Charts are installed by helm 3.13 or newer, which is not on PATH, and ${found} there to build it with; install helm (https://helm.sh/docs/intro/install) or Go (https://go.dev/dl)`,
  );
  if (options.folder === undefined) claimCache();
  await mkdir(folder, { recursive: true });
  const version = helmVersion(await readFile(join(sources, "go.mod"), "utf8"));
  // several processes may build at once: whoever is last replaces an equal program
  const draft = join(folder, `${name}.${process.pid}`);
  await goBuild({
    cwd: sources,
    target: "helm.sh/helm/v3/cmd/helm",
    output: draft,
    linkerFlags: version.flags,
    onProgress: (detail) =>
      onProgress?.(`building helm ${version.name} (3 minutes, once): ${detail}`),
    diskFull:
      "The disk is full: building helm needs about 2 GB for Go's caches (`go env GOCACHE GOMODCACHE`); free some space and start again",
    signal,
  });
  await rename(draft, program);
  await removeOthers(folder, name);
  return program;
}

/** Whether this is a helm 3 with the commands that are needed here, `get metadata` among them. */
async function isUsable(program: string): Promise<boolean> {
  const version = await run(program, ["version", "--template", "{{.Version}}"]).catch(() => "");
  const [, minor = 0] = (/^v3\.(\d+)\./.exec(version.trim()) ?? []).map(Number);
  return minor >= 13;
}

/** The version that helm reports, and the Kubernetes version it assumes without a cluster, as its own build sets them. */
function helmVersion(goMod: string): { name: string; flags: string } {
  const name = /^\s*helm\.sh\/helm\/v3 (v\S+)/m.exec(goMod)?.[1];
  const minor = /^\s*k8s\.io\/client-go v0\.(\d+)\./m.exec(goMod)?.[1];
  if (!name || !minor) throw new Error("local/helm/go.mod names no helm.sh/helm/v3 or client-go");
  const set = (variable: string, value: string) => ` -X helm.sh/helm/v3/${variable}=${value}`;
  const kubernetes = ["pkg/chartutil", "pkg/lint/rules"].map(
    (place) => set(`${place}.k8sVersionMajor`, "1") + set(`${place}.k8sVersionMinor`, minor),
  );
  return { name, flags: [set("internal/version.version", name), ...kubernetes].join("") };
}

/** Earlier versions are of no use to anybody. */
async function removeOthers(folder: string, name: string): Promise<void> {
  const others = (await readdir(folder)).filter((entry) => !entry.startsWith(name));
  await Promise.all(others.map((entry) => rm(join(folder, entry), { force: true })));
}
