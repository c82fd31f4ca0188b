import { chmod, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheRoot, claimCache } from "../support/cache.ts";
import { run, type RunOptions } from "../support/process.ts";
import { mountsBelow } from "../support/mounts.ts";
import { reported } from "../support/progress.ts";
import { timestamp } from "./buildContext.ts";
import { installTools, missingPackages } from "./buildahTools.ts";
import { withDiskSpace } from "./diskSpace.ts";

// Measured: all four images in the store, and one archive of them.
const neededGigabytes = 5;

/** Everything about images that is kept: finished layers. */
export const imagesFolder = () => join(cacheRoot(), "images");

/** A folder for everything temporary, and buildah working on the store of this project. */
export interface BuildahSession {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  buildah(args: readonly string[], options?: Pick<RunOptions, "onLine">): Promise<string>;
}

/** Runs `work` with a session and leaves nothing but finished images behind, however it ends. */
export async function withBuildah<T>(work: (session: BuildahSession) => Promise<T>): Promise<T> {
  const missing = missingPackages();
  if (missing.length > 0) {
    await reported(`Installing ${missing.join(" ")}`, () => installTools(missing));
  }
  claimCache();
  const root = imagesFolder();
  await mkdir(root, { recursive: true });
  await removeLeftovers(root);
  const use = {
    folder: root,
    sentence: (free: string) =>
      `the disk with ${root} became full while building images: it had ${free} GB free, and a first build takes ${neededGigabytes} GB; free some space or set MLOPS_CACHE_DIR to a folder on a larger disk`,
    cleanUp: async () => {
      // a store that met a full disk is not worth trusting, and its owner needs the space
      await unmountBelow(root);
      await rm(root, { recursive: true, force: true });
    },
  };
  return await withDiskSpace(use, async () => {
    const session = await open(root);
    try {
      return await work(session);
    } finally {
      await close(root, session);
    }
  });
}

async function open(root: string): Promise<BuildahSession> {
  const folder = await mkdtemp(join(root, `session-${process.pid}-`));
  await chmod(folder, 0o755); // apt works in it as a user of its own
  // both tools write gigabytes to TMPDIR: keep them on the disk that was chosen for the cache
  const env = { ...process.env, TMPDIR: folder, SOURCE_DATE_EPOCH: `${timestamp}` };
  const store = ["--root", join(root, "store"), "--runroot", join(folder, "run")];
  return {
    folder,
    env,
    buildah: (args, options = {}) => run("buildah", [...store, ...args], { env, ...options }),
  };
}

async function close(root: string, session: BuildahSession): Promise<void> {
  if ((await sessions(root)).length === 1) {
    await session.buildah(["rm", "--all"]).catch(() => {});
  }
  await unmountBelow(session.folder);
  await rm(session.folder, { recursive: true, force: true });
}

/** Clears what a killed build left: its mounts, working containers and temporary files. */
async function removeLeftovers(root: string): Promise<void> {
  const all = await sessions(root);
  const dead = all.filter(({ pid }) => !isAlive(pid));
  if (dead.length === 0) return;
  if (dead.length === all.length) {
    await unmountBelow(root);
    const session = await open(root);
    await session.buildah(["rm", "--all"]).catch(() => {});
    await rm(session.folder, { recursive: true, force: true });
  }
  for (const { path } of dead) {
    await unmountBelow(path);
    await rm(path, { recursive: true, force: true });
  }
}

async function sessions(root: string): Promise<{ path: string; pid: number }[]> {
  const names = await readdir(root).catch(() => []);
  return names.flatMap((name) => {
    const pid = /^session-(\d+)-/.exec(name)?.[1];
    return pid ? [{ path: join(root, name), pid: Number(pid) }] : [];
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function unmountBelow(folder: string): Promise<void> {
  const mounted = mountsBelow(folder);
  for (const path of mounted.filter((one) => one !== folder)) {
    await run("umount", ["--lazy", path]).catch(() => {});
  }
}
