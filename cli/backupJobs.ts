import { randomBytes } from "node:crypto";
import { type backupName, type restoreName } from "../components/backup/names.ts";
import type { KubernetesClient } from "../local/support/kubernetesClient.ts";
import { ApiError } from "../local/support/apiServer.ts";
import { UserError } from "../local/support/errors.ts";
import { sleep } from "../local/support/process.ts";
import type { JsonObject } from "../local/support/propertyValues.ts";
import type { Options } from "./commandLine.ts";
import { connect } from "./ownershipCheck.ts";
import { readSettings } from "./stackSettings.ts";
import { reachDeployment } from "./targetAccess.ts";

/** A command of the backup image, in a Job of one of the platform's CronJobs. */
export interface BackupCommand {
  /** The CronJob, and its container that gets the words. */
  readonly from: typeof backupName | typeof restoreName;
  readonly words: readonly string[];
  /** Told each line that the Job prints. */
  readonly onLine: (line: string) => void;
}

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

interface Pod {
  metadata: { name: string };
  status: {
    phase: string;
    initContainerStatuses?: ContainerStatus[];
    containerStatuses?: ContainerStatus[];
  };
}

interface ContainerStatus {
  name: string;
  state: { waiting?: { reason?: string } };
}

const keptSeconds = 86_400;

/** Runs a command of the backup image next to the stack's data, and follows it to its end. */
export async function runBackupCommand(options: Options, command: BackupCommand): Promise<number> {
  const { stack } = readSettings(options);
  const { deployment, access } = await reachDeployment(stack);
  const client = await connect(access);
  const jobs = `/apis/batch/v1/namespaces/${deployment.namespace}`;
  const cronJob = await cronJobOf(client, `${jobs}/cronjobs/${command.from}`, stack);
  const job = jobOf(cronJob, command);
  await client.request("POST", `${jobs}/jobs`, job as unknown as JsonObject);
  return await follow(client, deployment.namespace, job.metadata.name, command.onLine);
}

async function cronJobOf(client: KubernetesClient, path: string, stack: string): Promise<CronJob> {
  try {
    return (await client.request("GET", path)) as unknown as CronJob;
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error;
    throw new UserError(
      `the stack ${stack} has no backups; set backup to true and run \`npm run up\` (stores on Google Cloud have backups of their own)`,
    );
  }
}

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
async function follow(
  client: KubernetesClient,
  namespace: string,
  job: string,
  onLine: (line: string) => void,
): Promise<number> {
  const seen = new Map<string, number>();
  for (;;) {
    // looked at first: what is printed after it is read in the next round
    const { status } = (await client.request(
      "GET",
      `/apis/batch/v1/namespaces/${namespace}/jobs/${job}`,
    )) as unknown as Job;
    const list = await client.request(
      "GET",
      `/api/v1/namespaces/${namespace}/pods?labelSelector=job-name%3D${job}`,
    );
    for (const pod of list["items"] as unknown as Pod[]) {
      await printNew(client, namespace, pod, seen, onLine);
    }
    const ended = status?.conditions?.find(
      ({ type, status: holds }) => (type === "Complete" || type === "Failed") && holds === "True",
    );
    if (ended?.type === "Complete") return 0;
    if (ended) {
      onLine(`the Job ${job} failed: ${ended.message ?? ended.reason ?? "no reason given"}`);
      return 1;
    }
    await sleep(1_000);
  }
}

async function printNew(
  client: KubernetesClient,
  namespace: string,
  { metadata, status }: Pod,
  seen: Map<string, number>,
  onLine: (line: string) => void,
): Promise<void> {
  const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  for (const { name, state } of statuses) {
    if (state.waiting !== undefined) continue;
    const log = await client.logs(namespace, metadata.name, `container=${name}`);
    const key = `${metadata.name}/${name}`;
    const lines = log.split("\n").slice(0, -1);
    lines.slice(seen.get(key) ?? 0).forEach(onLine);
    seen.set(key, lines.length);
  }
}
