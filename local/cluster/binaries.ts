import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { checkoutRoot } from "../support/cache.ts";
import { UserError } from "../support/errors.ts";
import { CommandError, run } from "../support/process.ts";
import type { Binaries } from "./components.ts";
import { requireGo } from "./requirements.ts";

const sources = join(checkoutRoot, "local/cluster");

/** Everything the binaries are made of, in a fixed order. */
const inputs = [
  "go.mod",
  "go.sum",
  "main.go",
  "addons/go.mod",
  "addons/go.sum",
  "addons/main.go",
  "addons/volumes.go",
  "addons/pause/main.go",
];

/** Names the folder of the binaries by what they are built from. */
export async function binariesKey(folder = sources): Promise<string> {
  const hash = createHash("sha256");
  for (const input of inputs) {
    const content = await readFile(join(folder, input));
    hash.update(`${input} ${content.length}\n`).update(content);
  }
  return hash.digest("hex").slice(0, 16);
}

const binariesIn = (folder: string): Binaries => ({
  kubernetes: join(folder, "kubernetes"),
  addons: join(folder, "addons"),
  pause: join(folder, "pause"),
});

/** Builds Kubernetes, DNS and the rest from their Go modules unless that was done before. */
export async function ensureBinaries(
  root: string,
  onProgress: (message: string) => void,
): Promise<Binaries> {
  const key = await binariesKey();
  const folder = join(root, key);
  if (existsSync(folder)) return binariesIn(folder);

  await requireGo();
  const draft = join(root, `${key}.new`);
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  const version = kubernetesVersion(await readFile(join(sources, "go.mod"), "utf8"));
  const { kubernetes, addons, pause } = binariesIn(draft);
  await goBuild(join(sources, "addons"), "./pause", pause, "", () => {});
  await goBuild(join(sources, "addons"), ".", addons, "", (detail) =>
    onProgress(`building DNS and volumes: ${detail}`),
  );
  await goBuild(sources, ".", kubernetes, version.flags, (detail) =>
    onProgress(`building Kubernetes ${version.name} (5 to 10 minutes, once): ${detail}`),
  );
  await rename(draft, folder);
  await removeOthers(root, key);
  return binariesIn(folder);
}

/** The version that the API server reports, from the module's own requirement. */
export function kubernetesVersion(goMod: string): { name: string; flags: string } {
  const name = /^\s*k8s\.io\/kubernetes (v\S+)$/m.exec(goMod)?.[1];
  const [major, minor] = name?.slice(1).split(".") ?? [];
  if (!name || !major || !minor) throw new Error("local/cluster/go.mod names no k8s.io/kubernetes");
  const set = (field: string, value: string) =>
    ` -X k8s.io/component-base/version.${field}=${value}`;
  return {
    name,
    flags: set("gitVersion", name) + set("gitMajor", major) + set("gitMinor", minor),
  };
}

async function goBuild(
  cwd: string,
  target: string,
  output: string,
  linkerFlags: string,
  onProgress: (detail: string) => void,
): Promise<void> {
  let packages = 0;
  const args = [
    "build",
    "-v",
    "-trimpath",
    "-ldflags",
    `-s -w${linkerFlags}`,
    "-o",
    output,
    target,
  ];
  // Without cgo the result is the same on every machine, and no C compiler is needed.
  const env = { ...process.env, CGO_ENABLED: "0", GOWORK: "off" };
  const onLine = (line: string) =>
    onProgress(
      line.startsWith("go: downloading") ? line.slice(4) : `${++packages} packages compiled`,
    );
  try {
    await run("go", args, { cwd, env, onLine });
  } catch (error) {
    if (error instanceof CommandError && /no space left on device/i.test(error.output)) {
      throw new UserError(
        "The disk is full: building the local cluster needs about 10 GB for Go's caches (`go env GOCACHE GOMODCACHE`) and 0.3 GB for the result; free some space and start again",
      );
    }
    throw error;
  }
}

/** Binaries of earlier versions are of no use to anybody; a running cluster keeps its open files. */
async function removeOthers(root: string, key: string): Promise<void> {
  const others = (await readdir(root)).filter((name) => name !== key);
  await Promise.all(others.map((name) => rm(join(root, name), { recursive: true, force: true })));
}
