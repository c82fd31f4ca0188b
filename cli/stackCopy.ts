import { backupName, copyName, restoreName } from "../components/backup/names.ts";
import { UserError } from "../local/support/errors.ts";
import {
  type BackupSite,
  cronJobOf,
  deleteJob,
  follow,
  type OnLine,
  podsOf,
  startJob,
} from "./backupJobs.ts";
import { keepTunnels, type PodPort } from "./podTunnels.ts";

/** Port on which either pod listens, for itself and for forwarded connections. */
const port = 7411;
/** One for each of the receiver's threads and one for the manifest (`apps/backup/src/backup/peer.py`). */
const connections = 5;

/**
 * Copies everything of one stack into another one: a Job next to the source's data shows it, and one next to the
 * target's takes what is missing. Both reach each other through this machine only.
 */
export async function copyStack(
  source: BackupSite,
  target: BackupSite,
  options: readonly string[],
  onLine: OnLine,
): Promise<number> {
  const from = await receiverOf(target);
  if ((await cronJobOf(source, backupName)) === undefined) {
    throw new UserError(
      `the stack ${source.stack} cannot be copied: it has no backups in the cluster; set backup to true and run \`npm run up\` (a stack with stores on Google Cloud can only be copied to)`,
    );
  }
  const sender = await startJob(source, { from: backupName, words: ["send", `${port}`] });
  let end = () => {};
  try {
    await untilReady(source, sender, onLine);
    const words = ["receive", `${port}`, ...options];
    const receiver = await startJob(target, { from, words });
    end = keepTunnels(
      [podPort(target, receiver, from), podPort(source, sender, backupName)],
      connections,
    );
    return await Promise.race([follow(target, receiver, onLine), interruption()]);
  } finally {
    end();
    await deleteJob(source, sender);
  }
}

/** The CronJob whose Jobs receive a copy. */
async function receiverOf(target: BackupSite): Promise<typeof restoreName | typeof copyName> {
  for (const name of [restoreName, copyName] as const) {
    if ((await cronJobOf(target, name)) !== undefined) return name;
  }
  throw new UserError(
    `the stack ${target.stack} cannot receive a copy; set backup to true in its settings and run \`npm run up -- --stack ${target.stack}\``,
  );
}

/** What the sender says later is of no interest: it ends when its Job is deleted. */
async function untilReady(site: BackupSite, job: string, onLine: OnLine): Promise<void> {
  let isReady = () => {};
  const ready = new Promise<void>((resolve) => (isReady = resolve));
  const ended = follow(site, job, (line) => {
    onLine(line);
    if (line.startsWith("ready to send")) isReady();
  });
  const failed = ended.then(() => {
    throw new UserError(`the stack ${site.stack} cannot be copied; the reason is above`);
  });
  failed.catch(() => {});
  await Promise.race([ready, failed]);
}

/** A container of a Job's pod, once it runs. */
const podPort = (site: BackupSite, job: string, container: string): PodPort => ({
  kubeconfig: site.kubeconfig,
  namespace: site.namespace,
  port,
  findPod: async () =>
    (await podsOf(site, job)).find(({ status }) =>
      [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].some(
        ({ name, state }) => name === container && state.running !== undefined,
      ),
    )?.metadata.name,
});

/** After Ctrl-C the receiving Job ends by itself, and what it has is not copied again. */
const interruption = (): Promise<number> =>
  new Promise((resolve) => {
    process.once("SIGINT", () => resolve(130));
  });
