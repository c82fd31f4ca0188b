import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { UserError } from "../support/errors.ts";
import { formatPath } from "./diff.ts";
import { Interrupted } from "./handler.ts";
import type { Handler } from "./handler.ts";
import { Helm, helmError, refuseUnknown, upgradeWords } from "./helmCommand.ts";
import { awaitDaemonSets, lackOfRelease, watched } from "./helmProgress.ts";
import type { KubernetesClient } from "./kubernetesClient.ts";
import type { Connection } from "./kubernetesHttp.ts";
import { autoname } from "./kubernetesRules.ts";
import type { ResourceState } from "./state.ts";
import { objectAt, plain, textAt, unknownValue } from "./values.ts";
import type { JsonObject } from "./values.ts";

const defaultTimeout = 300;
const defaultDeleteTimeout = 600;

export interface HelmOptions {
  /** The cluster that a provider means. */
  connectionOf: (provider: string | undefined) => Connection;
  clientOf: (provider: string | undefined) => Promise<KubernetesClient>;
  /** Paths of charts are relative to it. */
  folder: string;
}

/** Installs charts as Helm releases, `kubernetes.helm.v3.Release`, with the helm program. */
export function helmHandler({ connectionOf, clientOf, folder }: HelmOptions): Handler {
  const programs = new Map<string, Helm>();
  const helmOf = (provider: string | undefined): Helm => {
    const connection = connectionOf(provider);
    const key = JSON.stringify(connection);
    const helm = programs.get(key) ?? new Helm(connection, folder);
    programs.set(key, helm);
    return helm;
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
      const helm = helmOf(resource.provider);
      await helm.prepare((text) => work.wait(text), work.signal);
      const live = await statusOf(helm, resource);
      if (!live || live.status === "uninstalled") return "gone";
      if (isPending(live) && !resource.pending)
        throw new UserError(
          `Release ${fullName(resource)} is being changed by another helm (${live.status}); wait for it, or, when none is running, run \`helm rollback ${live.name} --namespace ${live.namespace} --kube-context ${(await clientOf(resource.provider)).context}\``,
        );
      const known = objectAt(resource.outputs, "status")["revision"];
      return live.status === "deployed" && live.revision === known ? "sound" : "changed";
    },

    async refuseExisting(resource, work) {
      const helm = helmOf(resource.provider);
      await helm.prepare((text) => work.wait(text), work.signal);
      if (!(await statusOf(helm, resource))) return;
      throw new UserError(
        `Release ${fullName(resource)} is in the cluster already, and this stack did not make it; give this one another name or namespace`,
      );
    },

    async apply(resource, timeout, work) {
      const client = await clientOf(resource.provider);
      const helm = helmOf(resource.provider);
      await helm.prepare((text) => work.wait(text), work.signal);
      await recover(helm, client, resource);
      const seconds = timeout ?? (Number(plain(resource.inputs["timeout"] ?? 0)) || defaultTimeout);
      const started = Date.now();
      const words = [...upgradeWords(resource.inputs, seconds), ...namespaceOf(resource)];
      const values = JSON.stringify(plain(resource.inputs["values"] ?? {}));
      const lack = (withLogs: boolean) => lackOfRelease(helm, client, resource, withLogs);
      await watched(
        helm.run(words, { input: values, signal: work.signal }),
        () => lack(false),
        work,
      ).catch(async (error: unknown) => {
        throw await explained(error, resource, seconds, lack);
      });
      if (words.includes("--wait")) {
        const left = Math.max(1, seconds - Math.round((Date.now() - started) / 1000));
        await awaitDaemonSets(helm, client, resource, left, work);
      }
      return { ...outputsOf(resource.inputs), status: { ...(await statusOf(helm, resource)) } };
    },

    idOf: (resource) => fullName(resource),

    async remove(resource, work) {
      await clientOf(resource.provider); // says so in one sentence when no cluster answers
      const helm = helmOf(resource.provider);
      await helm.prepare((text) => work.wait(text), work.signal);
      const seconds = resource.deleteTimeout ?? defaultDeleteTimeout;
      const words = ["uninstall", nameOf(resource), ...namespaceOf(resource), "--ignore-not-found"];
      const wait = ["--wait", "--cascade", "foreground", "--timeout", `${seconds}s`];
      const removal = helm.run([...words, ...wait], { signal: work.signal });
      await watched(removal, async () => "its objects are being deleted", work).catch(
        (error: unknown) => {
          if (error instanceof Interrupted) throw error;
          const why = helmError(error) ?? String(error);
          throw new UserError(`Release ${fullName(resource)} cannot be removed: ${why}`);
        },
      );
    },
  };
}

/** What helm knows of a release, under the names that the Kubernetes provider gives it. */
interface ReleaseStatus {
  appVersion: string;
  chart: string;
  name: string;
  namespace: string;
  revision: number;
  status: string;
  version: string;
}

async function statusOf(helm: Helm, resource: ResourceState): Promise<ReleaseStatus | undefined> {
  const words = ["get", "metadata", nameOf(resource), ...namespaceOf(resource)];
  try {
    const found = JSON.parse(await helm.run([...words, "--output", "json"])) as ReleaseStatus;
    const { appVersion, chart, name, namespace, revision, status, version } = found;
    return { appVersion, chart, name, namespace, revision, status, version };
  } catch (error) {
    const text = helmError(error);
    if (text === undefined) throw error;
    if (/not found/.test(text)) return undefined;
    throw new UserError(`Release ${fullName(resource)} cannot be looked at: ${text}`);
  }
}

const isPending = ({ status }: ReleaseStatus) => status.startsWith("pending-");

/**
 * Helm refuses to touch a release whose last change was cut short. Without the record of that change it goes on from
 * the one before, and takes over what the unfinished one has made already.
 */
async function recover(
  helm: Helm,
  client: KubernetesClient,
  resource: ResourceState,
): Promise<void> {
  const live = await statusOf(helm, resource);
  if (!live || !isPending(live)) return;
  const { name, namespace, revision } = live;
  const metadata = { name: `sh.helm.release.v1.${name}.v${revision}`, namespace };
  await client.delete({ apiVersion: "v1", kind: "Secret", metadata }, "Background");
}

/** A failure in words: of the chart, of the pods, or whatever helm says. */
async function explained(
  error: unknown,
  resource: ResourceState,
  seconds: number,
  lack: (withLogs: boolean) => Promise<string | undefined>,
): Promise<unknown> {
  const text = helmError(error);
  if (text === undefined) return error;
  const release = `Release ${fullName(resource)}`;
  if (isUnreachable(text)) {
    const { chart, version } = plain(resource.inputs) as JsonObject;
    const which = [chart, version].filter(Boolean).join(" ");
    return new UserError(
      `${release}: the chart ${which} cannot be had (${text}); check its name and the network, or get it by other means and name its folder as the chart`,
    );
  }
  const trouble = await lack(true);
  if (/deadline exceeded|timed out waiting/.test(text))
    return new UserError(
      `${release} is not ready after ${seconds} s: ${trouble ?? `${text}; see helm status`}`,
    );
  return new UserError([`${release} failed: ${text}`, trouble].filter(Boolean).join("; "));
}

function isUnreachable(text: string): boolean {
  return /failed to (download|do request|perform|fetch|authorize|resolve)|cannot be reached|path ".*" not found|(chart|repo) .*not found|no such host|Chart\.yaml file is missing|could not find protocol handler|improper constraint|no chart (name|version)/i.test(
    text,
  );
}

/** What the program may read. `status` is left out until there is one, so that a preview takes it for unknown. */
function outputsOf(inputs: JsonObject): JsonObject {
  const { chartFiles: _files, compat: _compat, ...outputs } = inputs;
  return outputs;
}

/** Changes when a file of a local chart does; nothing for other charts. */
function filesKey(folder: string, inputs: JsonObject): string | undefined {
  const chart = textAt(inputs, "chart");
  const repository = objectAt(inputs, "repositoryOpts")["repo"];
  if (!chart || chart === unknownValue || repository || chart.startsWith("oci:")) return undefined;
  const path = resolve(folder, chart);
  const isFolder = existsSync(join(path, "Chart.yaml"));
  if (!isFolder && !(existsSync(path) && statSync(path).isFile())) return undefined;
  const entries = isFolder ? readdirSync(path, { recursive: true, withFileTypes: true }) : [];
  const files = entries.filter((entry) => entry.isFile());
  const paths = isFolder ? files.map((entry) => join(entry.parentPath, entry.name)).sort() : [path];
  const hash = createHash("sha256");
  for (const file of paths) {
    const content = readFileSync(file);
    hash.update(`${file.slice(path.length)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 12);
}

function nameOf({ inputs }: ResourceState): string {
  return textAt(inputs, "name") ?? "";
}

function namespaceOf({ inputs }: ResourceState): string[] {
  return ["--namespace", textAt(inputs, "namespace") ?? "default"];
}

function fullName(resource: ResourceState): string {
  return `${textAt(resource.inputs, "namespace")}/${nameOf(resource)}`;
}
