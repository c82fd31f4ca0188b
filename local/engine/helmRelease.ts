import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseAllDocuments } from "yaml";
import { UserError } from "../support/errors.ts";
import { Interrupted, pause, type Work } from "../support/interruption.ts";
import type { Connection, KubernetesClient } from "../support/kubernetesClient.ts";
import { type Trouble, troubleOf, troubleText } from "../support/podTrouble.ts";
import { isObject, type JsonObject, objectAt, plain, textAt } from "../support/propertyValues.ts";
import { lackOf, lastingFor, patienceMs } from "../support/readiness.ts";
import { formatPath } from "./diff.ts";
import type { Handler } from "./handler.ts";
import { type Helm, helmError, helmFor, refuseUnknown, upgradeWords } from "./helmCommand.ts";
import { autoname } from "./kubernetesRules.ts";
import type { ResourceState } from "./state.ts";

const defaultTimeout = 300;
const deleteTimeout = 600;
const lookEveryMs = 4_000;

export interface HelmOptions {
  connectionOf: (provider: string | undefined) => Connection;
  clientOf: (provider: string | undefined) => Promise<KubernetesClient>;
  /** Paths of charts are relative to it. */
  folder: string;
}

/** One release, and the means to read it. */
interface Release {
  helm: Helm;
  client: KubernetesClient;
  name: string;
  namespace: string;
  /** `namespace/name`, with its kind. */
  title: string;
  work: Work;
}

/** Installs charts as Helm releases, `kubernetes.helm.v3.Release`, with the helm program. */
export function helmHandler({ connectionOf, clientOf, folder }: HelmOptions): Handler {
  const helms = new Map<string, Helm>();
  const releaseOf = async ({ inputs, provider }: ResourceState, work: Work): Promise<Release> => {
    const client = await clientOf(provider);
    const helm = helms.get(provider ?? "") ?? helmFor(connectionOf(provider), folder);
    helms.set(provider ?? "", helm);
    const { name = "", namespace = "" } = plain(inputs) as { [key: string]: string };
    return { helm, client, name, namespace, title: `Release ${namespace}/${name}`, work };
  };

  return {
    check({ urn, name, inputs, provider }, generation) {
      refuseUnknown(name, inputs);
      const files = filesKey(folder, inputs);
      return {
        ...inputs,
        name: inputs["name"] ?? autoname(urn, name, generation),
        namespace: inputs["namespace"] ?? connectionOf(provider).namespace ?? "default",
        ...(files === undefined ? {} : { chartFiles: files }),
      };
    },

    // the objects of a release mostly bear its name, so that the old one has to go first
    replacement(_old, changes) {
      const because = changes
        .filter(({ path }) => path[0] === "name" || path[0] === "namespace")
        .map(({ path }) => formatPath(path));
      return because.length > 0 ? { because, deleteFirst: true } : undefined;
    },

    foresee: (inputs) => outputsOf(inputs),

    async inspect(resource, work) {
      const release = await releaseOf(resource, work);
      const live = await statusOf(release);
      if (!live || live.status === "uninstalled") return "gone";
      if (isPending(live) && !resource.pending)
        throw new UserError(
          `${release.title} is being changed by another helm (${live.status}); wait for it, or, when none is running, run \`helm rollback ${live.name} --namespace ${live.namespace} --kube-context ${release.client.context}\``,
        );
      const known = objectAt(resource.outputs, "status")["revision"];
      return live.status === "deployed" && live.revision === known ? "sound" : "changed";
    },

    async refuseExisting(resource, work) {
      const release = await releaseOf(resource, work);
      if (!(await statusOf(release))) return;
      throw new UserError(
        `${release.title} already exists in the cluster, and this stack did not create it; give this one another name or namespace`,
      );
    },

    async apply(resource, work) {
      const release = await releaseOf(resource, work);
      await forgetUnfinished(release);
      const { inputs } = resource;
      const seconds = Number(plain(inputs["timeout"] ?? 0)) || defaultTimeout;
      const words = [...upgradeWords(inputs, seconds), "--namespace", release.namespace];
      const values = JSON.stringify(plain(inputs["values"] ?? {}));
      await watched(release, (onlyWhile) => release.helm(words, onlyWhile, values)).catch(
        async (error: unknown) => {
          throw await explained(error, release, inputs, seconds);
        },
      );
      return { ...outputsOf(inputs), status: { ...(await statusOf(release)) } };
    },

    idOf: ({ inputs }) => `${textAt(inputs, "namespace")}/${textAt(inputs, "name")}`,

    async remove(resource, work) {
      const release = await releaseOf(resource, work);
      const words = ["uninstall", release.name, "--namespace", release.namespace];
      const how = ["--ignore-not-found", "--wait", "--cascade", "foreground"];
      const removal = release.helm([...words, ...how, "--timeout", `${deleteTimeout}s`], work);
      await removal.catch((error: unknown) => {
        if (error instanceof Interrupted) throw error;
        const why = helmError(error) ?? String(error);
        throw new UserError(`${release.title} cannot be removed: ${why}`);
      });
    },
  };
}

/** Helm's data of a release, under the names that the Kubernetes provider uses. */
interface ReleaseStatus {
  appVersion: string;
  chart: string;
  name: string;
  namespace: string;
  revision: number;
  status: string;
  version: string;
}

async function statusOf(release: Release): Promise<ReleaseStatus | undefined> {
  try {
    const text = await get(release, "metadata", "--output", "json");
    const { appVersion, chart, name, namespace, revision, status, version } = JSON.parse(
      text,
    ) as ReleaseStatus;
    return { appVersion, chart, name, namespace, revision, status, version };
  } catch (error) {
    const text = helmError(error);
    if (text === undefined) throw error;
    if (/not found/.test(text)) return undefined;
    throw new UserError(`${release.title} cannot be read: ${text}`);
  }
}

const get = ({ helm, name, namespace, work }: Release, what: string, ...words: string[]) =>
  helm(["get", what, name, "--namespace", namespace, ...words], work);

const isPending = ({ status }: ReleaseStatus) => status.startsWith("pending-");

/**
 * Helm refuses to change a release whose last change was interrupted. Without the record of that change it continues
 * from the previous one, and takes over what the interrupted one has already created.
 */
async function forgetUnfinished(release: Release): Promise<void> {
  const live = await statusOf(release);
  if (!live || !isPending(live)) return;
  const { name, namespace, revision } = live;
  const metadata = { name: `sh.helm.release.v1.${name}.v${revision}`, namespace };
  await release.client.delete({ apiVersion: "v1", kind: "Secret", metadata }, "Background");
}

/** Waits for helm and reports what helm waits for; interrupts it where that can never succeed. */
async function watched(release: Release, start: (work: Work) => Promise<unknown>): Promise<void> {
  const { work, title } = release;
  const over = new AbortController();
  const stuck = new AbortController();
  const isStuck = lastingFor(patienceMs);
  const looking = (async () => {
    for (;;) {
      await pause(lookEveryMs, over.signal);
      const lack = await lackOfRelease(release, false);
      if (lack) work.wait(lack.text);
      if (isStuck(lack?.trouble)) stuck.abort();
    }
  })().catch(() => {}); // the wait is over: only helm decides the outcome of the release
  try {
    await start({ ...work, signal: AbortSignal.any([work.signal, stuck.signal]) });
  } catch (error) {
    if (!stuck.signal.aborted || work.signal.aborted) throw error;
    const lack = await lackOfRelease(release, true);
    throw new UserError(`${title} cannot become ready: ${lack?.text ?? "see helm status"}`);
  } finally {
    over.abort();
    await looking;
  }
}

interface Lack {
  readonly text: string;
  readonly trouble?: Trouble;
}

/** Which workload of the release is not ready and why; undefined when that cannot be found out. */
async function lackOfRelease(release: Release, withLogs: boolean): Promise<Lack | undefined> {
  const lacks: Lack[] = [];
  try {
    for (const object of await workloadsOf(release)) {
      const live = await release.client.get(object);
      const missing = live && lackOf(live);
      if (!live || !missing) continue;
      const trouble = await troubleOf(release.client, live, withLogs);
      const name = `${textAt(live, "kind")} ${textAt(live, "metadata", "name")}`;
      const text = [`${name}: ${missing}`, trouble && troubleText(trouble)].filter(Boolean);
      lacks.push({ text: text.join("; "), trouble });
    }
  } catch {
    // the explanation is optional: its absence must not hide the failure
  }
  return lacks.find(({ trouble }) => trouble?.isLasting) ?? lacks[0];
}

/** The workloads of the release, DaemonSets last: helm lets one pod of each be missing, so that it waits for others. */
async function workloadsOf(release: Release): Promise<JsonObject[]> {
  const { namespace } = release;
  const isDaemonSet = (object: JsonObject) => Number(object["kind"] === "DaemonSet");
  return parseAllDocuments(await get(release, "manifest"))
    .map((document) => document.toJS() as unknown)
    .filter(isObject)
    .filter((object) => /^(apps|batch)\//.test(textAt(object, "apiVersion") ?? ""))
    .map((object) => ({ ...object, metadata: { namespace, ...objectAt(object, "metadata") } }))
    .sort((one, other) => isDaemonSet(one) - isDaemonSet(other));
}

const unreachable =
  /failed to (download|do request|perform|fetch|authorize|resolve)|cannot be reached|path ".*" not found|(chart|repo) .*not found|no such host|Chart\.yaml file is missing/i;

/** The message of a failure: of the chart, of the pods, or of helm itself. */
async function explained(
  error: unknown,
  release: Release,
  inputs: JsonObject,
  seconds: number,
): Promise<unknown> {
  const text = helmError(error);
  if (text === undefined) return error;
  if (unreachable.test(text)) {
    const { chart, version } = plain(inputs) as JsonObject;
    return new UserError(
      `${release.title}: cannot fetch the chart ${[chart, version].filter(Boolean).join(" ")} (${text}); check its name and the network, or download it and set its folder as the chart`,
    );
  }
  const trouble = (await lackOfRelease(release, true))?.text;
  if (/deadline exceeded|timed out waiting/.test(text))
    return new UserError(
      `${release.title} is not ready after ${seconds} s: ${trouble ?? `${text}; see helm status`}`,
    );
  return new UserError([`${release.title} failed: ${text}`, trouble].filter(Boolean).join("; "));
}

/** What the program may read. `status` is left out until there is one, so that a preview shows it as unknown. */
function outputsOf(inputs: JsonObject): JsonObject {
  const { chartFiles: _files, compat: _compat, ...outputs } = inputs;
  return outputs;
}

/** Changes when a file of a chart in a folder does; undefined for other charts. */
function filesKey(folder: string, inputs: JsonObject): string | undefined {
  const path = resolve(folder, textAt(inputs, "chart") ?? "");
  const isRemote = textAt(inputs, "repositoryOpts", "repo") !== undefined;
  if (isRemote || !existsSync(join(path, "Chart.yaml"))) return undefined;
  const files = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash("sha256");
  for (const file of files.sort()) {
    const content = readFileSync(file);
    hash.update(`${file.slice(path.length)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 12);
}
