import { randomBytes } from "node:crypto";
import type { KubeConfig } from "@kubernetes/client-node";
import { type backupName, type copyName, type restoreName } from "../components/backup/names.ts";
import type { KubernetesClient } from "../local/support/kubernetesClient.ts";
import { type TroubleKind, troubleOf } from "../local/support/podTrouble.ts";
import { ApiError } from "../local/support/apiServer.ts";
import { UserError } from "../local/support/errors.ts";
import { loadKubeconfig } from "../local/support/loadKubeconfig.ts";
import { sleep } from "../local/support/process.ts";
import type { JsonObject } from "../local/support/propertyValues.ts";
import { lastingFor, patienceMs } from "../local/support/readiness.ts";
import type { Options } from "./commandLine.ts";
import { connect } from "./ownershipCheck.ts";
import { readSettings } from "./stackSettings.ts";
import { reachDeployment } from "./targetAccess.ts";
import { deleteLeftovers } from "./unfinishedRun.ts";

/** A command of the backup image, in a Job of one of the platform's CronJobs. */
export interface BackupCommand {
  /** The CronJob, and its container that gets the words. */
  readonly from: BackupCronJob;
  readonly words: readonly string[];
}

type BackupCronJob = typeof backupName | typeof restoreName | typeof copyName;

/** Where the Jobs of a stack run. */
export interface BackupSite {
  readonly stack: string;
  readonly namespace: string;
  readonly client: KubernetesClient;
  readonly kubeconfig: KubeConfig;
}

/** Where a Job runs. */
export type JobPlace = Pick<BackupSite, "namespace" | "client">;

/** Told each line that a Job prints. */
export type OnLine = (line: string) => void;

interface Container {
  name: string;
  args?: readonly string[];
}

interface CronJob {
  metadata: { name: string; uid: string };
  spec: {
    suspend?: boolean;
    jobTemplate: {
      metadata?: JsonObject;
      spec: JsonObject & {
        template: { spec: { initContainers?: Container[]; containers: Container[] } };
      };
    };
  };
}

interface Job {
  status?: { conditions?: { type: string; status: string; reason?: string; message?: string }[] };
}

/** A pod of such a Job. */
export interface JobPod {
  metadata: { name: string };
  spec: { initContainers?: { name: string; restartPolicy?: string }[] };
  status: {
    phase: string;
    initContainerStatuses?: ContainerStatus[];
    containerStatuses?: ContainerStatus[];
  };
}

interface ContainerStatus {
  name: string;
  state: { waiting?: object; running?: object };
}

const keptSeconds = 86_400;
const usualStartMs = 5_000;

/** Runs a command of the backup image next to the stack's data, and follows it to its end. */
export async function runBackupCommand(
  options: Options,
  { onLine, ...command }: BackupCommand & { onLine: OnLine },
): Promise<number> {
  const site = await reachBackups(options);
  const job = await startJob(site, command);
  return await follow(site, job, onLine);
}

export async function reachBackups(options: Options): Promise<BackupSite> {
  const { stack } = readSettings(options);
  const { deployment, access } = await reachDeployment(stack);
  const kubeconfig = loadKubeconfig(access.kubeconfig, access.context);
  const { namespace } = deployment;
  return { stack, namespace, client: await connect(access), kubeconfig };
}

/** Starts a command and returns the name of its Job. */
export async function startJob(site: BackupSite, command: BackupCommand): Promise<string> {
  const cronJob = await cronJobOf(site, command.from);
  if (cronJob === undefined) {
    throw new UserError(
      `the stack ${site.stack} has no backups; set backup to true and run \`npm run up\` (stores on Google Cloud have their own backups)`,
    );
  }
  const job = jobOf(cronJob, command);
  await site.client.request("POST", `${batch(site)}/jobs`, job as unknown as JsonObject);
  return job.metadata.name;
}

/** The CronJob of that name, or undefined where the stack has none. */
export async function cronJobOf(
  site: BackupSite,
  name: BackupCronJob,
): Promise<CronJob | undefined> {
  try {
    const found = await site.client.request("GET", `${batch(site)}/cronjobs/${name}`);
    return found as unknown as CronJob;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

export const jobNamed = (name: string, namespace: string) => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name, namespace },
});

export const deleteJob = ({ client, namespace }: JobPlace, name: string): Promise<void> =>
  client.delete(jobNamed(name, namespace), "Background");

/** Runs a Job in place of one that a killed run has left, for two would do the same work; returns 0 where it succeeds. */
export async function runJob(
  site: JobPlace,
  name: string,
  { metadata = {}, spec }: { metadata?: JsonObject; spec: JsonObject },
  onLine: OnLine,
): Promise<number> {
  const own = jobNamed(name, site.namespace);
  await deleteLeftovers(site.client, [own]);
  await site.client.request("POST", `${batch(site)}/jobs`, {
    ...own,
    metadata: { ...metadata, ...own.metadata },
    spec,
  });
  return await follow(site, name, onLine);
}

const batch = ({ namespace }: JobPlace) => `/apis/batch/v1/namespaces/${namespace}`;

/** As `kubectl create job --from=cronjob/…` makes one: it belongs to the CronJob and goes with it. */
export function jobOf({ metadata, spec }: CronJob, { from, words }: BackupCommand) {
  const { template } = spec.jobTemplate.spec;
  const withWords = (containers: readonly Container[] = []) =>
    containers.map((one) => (one.name === from ? { ...one, args: words } : one));
  const { initContainers, containers } = template.spec;
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      ...spec.jobTemplate.metadata,
      name: `${metadata.name}-${randomBytes(4).toString("hex")}`,
      ownerReferences: [{ apiVersion: "batch/v1", kind: "CronJob", ...metadataOf(metadata) }],
    },
    spec: {
      ...spec.jobTemplate.spec,
      ttlSecondsAfterFinished: keptSeconds,
      template: {
        ...template,
        spec: {
          ...template.spec,
          ...(initContainers && { initContainers: withWords(initContainers) }),
          containers: withWords(containers),
        },
      },
    },
  };
}

const metadataOf = ({ name, uid }: CronJob["metadata"]) => ({ name, uid });

/** Hands on what the Job's pods print, and returns 0 where it succeeds. */
export async function follow(site: JobPlace, job: string, onLine: OnLine): Promise<number> {
  const seen = new Map<string, number>();
  const started = Date.now();
  const isStuck = lastingFor(patienceMs);
  let named: TroubleKind | undefined;
  for (;;) {
    // looked at first: what is printed after it is read in the next round
    const live = await site.client.request("GET", `${batch(site)}/jobs/${job}`);
    const { status } = live as unknown as Job;
    for (const pod of await podsOf(site, job)) await printNew(site, pod, seen, onLine);
    const ended = status?.conditions?.find(
      ({ type, status: holds }) => (type === "Complete" || type === "Failed") && holds === "True",
    );
    if (ended?.type === "Complete") return 0;
    if (ended) {
      onLine(`the Job ${job} failed: ${ended.message ?? ended.reason ?? "no reason given"}`);
      return 1;
    }
    // a moment without a node or a container is usual
    const isLate = seen.size === 0 && Date.now() - started > usualStartMs;
    const trouble = isLate ? await troubleOf(site.client, live, false) : undefined;
    if (trouble && trouble.kind !== named) onLine(`waiting: ${trouble.text}`);
    named = trouble?.kind;
    if (trouble && isStuck(trouble)) {
      // it would start by itself once that is over, long after this command
      await deleteJob(site, job);
      onLine(`the Job ${job} cannot start: ${trouble.text}`);
      return 1;
    }
    await sleep(1_000);
  }
}

export async function podsOf({ client, namespace }: JobPlace, job: string): Promise<JobPod[]> {
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=job-name%3D${job}`;
  return (await client.request("GET", path))["items"] as unknown as JobPod[];
}

async function printNew(
  { client, namespace }: JobPlace,
  { metadata, spec, status }: JobPod,
  seen: Map<string, number>,
  onLine: OnLine,
): Promise<void> {
  const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  for (const { name, state } of statuses) {
    const isSidecar = spec.initContainers?.some(
      (one) => one.name === name && one.restartPolicy === "Always",
    );
    if (state.waiting !== undefined || isSidecar) continue;
    const log = await client.logs(namespace, metadata.name, `container=${name}`);
    const key = `${metadata.name}/${name}`;
    const lines = log.split("\n").slice(0, -1);
    lines.slice(seen.get(key) ?? 0).forEach(onLine);
    seen.set(key, lines.length);
  }
}
