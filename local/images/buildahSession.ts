import { chmod, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheRoot, claimCache } from "../support/cache.ts";
import { installPackages } from "../support/debianPackages.ts";
import { UserError } from "../support/errors.ts";
import { withLock } from "../support/lock.ts";
import { unmountBelow } from "../support/mounts.ts";
import { run, type RunOptions, which } from "../support/process.ts";
import { reported, type Step, step } from "../support/progress.ts";
import { timestamp } from "./buildContext.ts";
import { withDiskSpace } from "./diskSpace.ts";

// Measured with all four images in the store and one archive of them.
const neededGigabytes = 5;

/** Everything about images that is kept: finished layers. */
export const imagesFolder = () => join(cacheRoot(), "images");

/** A folder for temporary files, and buildah with this project's store. */
export interface BuildahSession {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  buildah(args: readonly string[], options?: Pick<RunOptions, "onLine">): Promise<string>;
}

/** The facts about this machine that decide whether images can be built without Docker. */
const thisMachine = () => ({
  platform: process.platform,
  isRoot: process.getuid?.() === 0,
  has: (program: string) => which(program) !== undefined,
});

const buildTools = ["buildah", "mmdebstrap", "gpgv"];

/** Installs programs that are missing: each is in the Debian package of its name. */
export async function ensureTools(tools = buildTools): Promise<void> {
  const missing = missingTools(tools);
  if (missing.length === 0) return;
  await reported(`Installing ${missing.join(" ")}`, () => installPackages(missing));
}

/** The tools to install; throws where that is not possible. */
export function missingTools(tools = buildTools, machine = thisMachine()): string[] {
  if (machine.platform !== "linux" || !machine.isRoot) {
    throw new UserError(
      "building images needs Docker, or Linux and root for buildah; start Docker, or run the command with sudo",
    );
  }
  const missing = tools.filter((program) => !machine.has(program));
  if (missing.length > 0 && !machine.has("apt-get")) {
    throw new UserError(
      `building images needs ${missing.join(" and ")}; install them with this system's package manager, or start Docker`,
    );
  }
  return missing;
}

/** Runs `work` with a session, one at a time, and always leaves only finished images behind. */
export async function withBuildah<T>(work: (session: BuildahSession) => Promise<T>): Promise<T> {
  await ensureTools();
  claimCache();
  const root = imagesFolder();
  await mkdir(root, { recursive: true });
  const use = {
    folder: root,
    sentence: (free: string) =>
      `the disk with ${root} became full while building images: it had ${free} GB free, and a first build takes ${neededGigabytes} GB; free some space or set MLOPS_CACHE_DIR to a folder on a larger disk`,
    cleanUp: async () => {
      // a store on a full disk may be damaged, and its owner needs the space
      await removeAll(root);
      await rm(root, { recursive: true, force: true });
    },
  };
  let waiting: Step | undefined;
  const inTurn = async () => {
    waiting?.done();
    return await withDiskSpace(use, () => inSession(root, work));
  };
  return await withLock(join(root, "lock"), "building images", inTurn, ({ pid, purpose }) => {
    waiting ??= step(`Waiting for process ${pid}, which is ${purpose}`);
  });
}

async function inSession<T>(
  root: string,
  work: (session: BuildahSession) => Promise<T>,
): Promise<T> {
  await removeLeftovers(root);
  const folder = await mkdtemp(join(root, "session-"));
  await chmod(folder, 0o755); // apt works in it as its own user
  // both tools write gigabytes to TMPDIR: keep them on the disk that was chosen for the cache
  const env = { ...process.env, TMPDIR: folder, SOURCE_DATE_EPOCH: `${timestamp}` };
  const store = ["--root", join(root, "store"), "--runroot", join(folder, "run")];
  const session: BuildahSession = {
    folder,
    env,
    buildah: (args, options = {}) => run("buildah", [...store, ...args], { env, ...options }),
  };
  try {
    return await work(session);
  } finally {
    await session.buildah(["rm", "--all"]).catch(() => {});
    await removeLeftovers(root);
  }
}

/** Removes a session's temporary files. Its working containers are removed when the next session ends. */
const removeLeftovers = (root: string) => removeAll(root, "session-");

/** Removes what is in a folder, except what is mounted there. The folder itself may be a separate disk. */
async function removeAll(root: string, prefix = ""): Promise<void> {
  const names = await readdir(root);
  const doomed = names.filter((name) => name.startsWith(prefix));
  if (doomed.length > 0) for (const name of names) await unmountBelow(join(root, name));
  for (const name of doomed) await rm(join(root, name), { recursive: true, force: true });
}
