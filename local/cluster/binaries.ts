import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { checkoutRoot } from "../support/cache.ts";
import { contentKey, goBuild, requireGo } from "../support/goBuild.ts";
import type { Binaries } from "./components.ts";

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
export const binariesKey = (folder = sources): Promise<string> => contentKey(folder, inputs);

const binariesIn = (folder: string): Binaries => ({
  kubernetes: join(folder, "kubernetes"),
  addons: join(folder, "addons"),
  pause: join(folder, "pause"),
});

const diskFull =
  "The disk is full: building the local cluster needs about 10 GB for Go's caches (`go env GOCACHE GOMODCACHE`) and 0.3 GB for the result; free some space and start again";

/** Builds Kubernetes, DNS and the rest from their Go modules unless that was done before. */
export async function ensureBinaries(
  root: string,
  onProgress: (message: string) => void,
): Promise<Binaries> {
  const key = await binariesKey();
  const folder = join(root, key);
  if (existsSync(folder)) return binariesIn(folder);

  await requireGo(
    (found) =>
      `The local cluster is built with Go 1.26, but ${found} installed; install it from https://go.dev/dl and put it on PATH`,
  );
  const draft = join(root, `${key}.new`);
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  const version = kubernetesVersion(await readFile(join(sources, "go.mod"), "utf8"));
  const { kubernetes, addons, pause } = binariesIn(draft);
  const addonsModule = { cwd: join(sources, "addons"), diskFull };
  await goBuild({ ...addonsModule, target: "./pause", output: pause });
  await goBuild({
    ...addonsModule,
    target: ".",
    output: addons,
    onProgress: (detail) => onProgress(`building DNS and volumes: ${detail}`),
  });
  await goBuild({
    cwd: sources,
    target: ".",
    output: kubernetes,
    linkerFlags: version.flags,
    onProgress: (detail) =>
      onProgress(`building Kubernetes ${version.name} (5 to 10 minutes, once): ${detail}`),
    diskFull,
  });
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

/** Binaries of earlier versions are of no use to anybody; a running cluster keeps its open files. */
async function removeOthers(root: string, key: string): Promise<void> {
  const others = (await readdir(root)).filter((name) => name !== key);
  await Promise.all(others.map((name) => rm(join(root, name), { recursive: true, force: true })));
}
