import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { UserError } from "../support/errors.ts";
import { loadConfig, loadProject } from "./config.ts";
import { Deployment } from "./deploy.ts";
import type { ResourceChange } from "./deploy.ts";
import { handlerTable } from "./handlers.ts";
import { helmHandler } from "./helm.ts";
import { kubernetesHandler } from "./kubernetes.ts";
import { KubernetesClient } from "./kubernetesClient.ts";
import type { Connection } from "./kubernetesHttp.ts";
import { takeLock } from "./lock.ts";
import { Report } from "./report.ts";
import { StackState } from "./state.ts";
import type { ResourceState } from "./state.ts";
import { renderTree, summaryOf } from "./tree.ts";
import { masked, plain, textAt, unknownValue } from "./values.ts";
import type { JsonObject } from "./values.ts";

export type { ResourceChange } from "./deploy.ts";
export type Command = "preview" | "up" | "down" | "outputs";

export interface EngineOptions {
  /** Folder with Pulumi.yaml, the stack files, and `.mlops/state`. */
  folder: string;
  stack: string;
  /** Entry file of the program. Defaults to `main` in Pulumi.yaml. */
  program?: string;
  /** Defaults to `Pulumi.<stack>.yaml` in the folder. */
  stackFile?: string;
  /** Values that win over the stack file. */
  config?: Record<string, string>;
  /** Path of a kubeconfig. Defaults to the provider's, then to the usual places. */
  kubeconfig?: string;
  /** Context in it. Defaults to the provider's, then to the current one. */
  context?: string;
  /** `down` keeps namespaces, claims and generated passwords. */
  keepData?: boolean;
  /** Show secret outputs instead of `[secret]`. */
  showSecrets?: boolean;
  /** Ends the run early; what is under way is finished and saved. */
  signal?: AbortSignal;
}

export interface EngineResult {
  changes: ResourceChange[];
  outputs: JsonObject;
  summary: string;
}

/**
 * Runs one command on a stack: once per process, because the Pulumi SDK keeps its state in globals. Everything
 * that goes wrong is collected into one UserError after all independent work has ended.
 */
export async function runEngine(command: Command, options: EngineOptions): Promise<EngineResult> {
  const folder = resolve(options.folder);
  const base = join(folder, ".mlops", "state", options.stack);
  if (command === "outputs") return outputsOf(new StackState(`${base}.json`), options);
  if (command === "preview") return deploy(new StackState(`${base}.json`), options, true);
  const release = takeLock(`${base}.lock`);
  try {
    const state = new StackState(`${base}.json`);
    return await (command === "up" ? deploy(state, options, false) : destroy(state, options));
  } finally {
    release();
  }
}

async function deploy(
  state: StackState,
  options: EngineOptions,
  preview: boolean,
): Promise<EngineResult> {
  const folder = resolve(options.folder);
  const project = loadProject(folder);
  const stackFile = options.stackFile ?? join(folder, `Pulumi.${options.stack}.yaml`);
  const config = loadConfig(project, stackFile, options.config);
  const { deployment, report } = prepare(state, options, preview);
  const started = Date.now();
  report.line(`${preview ? "Previewing" : "Updating"} ${project.name} (${options.stack})`);
  const program = resolve(folder, options.program ?? project.main);
  // Loaded here, because the SDK is heavy and only a program needs it.
  const { runProgram } = await import("./monitor.ts");
  const result = await runProgram({
    project: project.name,
    stack: options.stack,
    preview,
    config: config.values,
    secretKeys: config.secretKeys,
    load: () => loadProgram(program),
    register: (registration) => deployment.register(registration),
  });
  const errors = [...result.errors, ...deployment.failures];
  if (errors.length === 0 && !options.signal?.aborted) await deployment.prune();
  if (!preview) {
    if (errors.length === 0) state.outputs = result.outputs;
    state.save();
  }
  if (preview) report.line(renderTree(deployment.changes));
  conclude([...result.errors, ...deployment.failures], report, options);
  const summary = summaryOf(deployment.changes, preview);
  report.line(`${preview ? "Plan" : "Done"}: ${summary} (${seconds(started)})`);
  return { changes: deployment.changes, outputs: shown(result.outputs, options), summary };
}

async function destroy(state: StackState, options: EngineOptions): Promise<EngineResult> {
  const { deployment, report } = prepare(state, options, false);
  const started = Date.now();
  report.line(`Removing ${options.stack}${options.keepData ? ", keeping its data" : ""}`);
  const all = [...state.resources.values(), ...state.obsolete];
  const kept = options.keepData ? keptOf(all) : new Set<ResourceState>();
  await deployment.remove(all.filter((resource) => !kept.has(resource)));
  conclude([...deployment.failures], report, options);
  state.outputs = {};
  if (state.isEmpty) state.remove();
  else state.save();
  const summary = summaryOf(deployment.changes, false);
  report.line(`Done: ${summary} (${seconds(started)})`);
  return { changes: deployment.changes, outputs: {}, summary };
}

function prepare(state: StackState, options: EngineOptions, preview: boolean) {
  const report = new Report();
  for (const { inputs, outputs } of state.resources.values()) {
    report.hide(inputs);
    report.hide(outputs);
  }
  const connectionOf = (provider: string | undefined): Connection => {
    const inputs = state.resources.get(provider?.replace(/::[^:]*$/, "") ?? "")?.inputs;
    return {
      kubeconfig: options.kubeconfig ?? textAt(inputs, "kubeconfig"),
      context: options.context ?? textAt(inputs, "context"),
      namespace: textAt(inputs, "namespace"),
    };
  };
  const clients = new Map<string, Promise<KubernetesClient>>();
  const clientOf = (provider: string | undefined): Promise<KubernetesClient> => {
    const connection = connectionOf(provider);
    const key = JSON.stringify(connection);
    const client = clients.get(key) ?? KubernetesClient.connect(connection);
    clients.set(key, client);
    return client;
  };
  const deployment = new Deployment({
    state,
    report,
    preview,
    signal: options.signal ?? new AbortController().signal,
    handlerOf: handlerTable(
      kubernetesHandler(clientOf),
      helmHandler({ connectionOf, clientOf, folder: resolve(options.folder) }),
    ),
  });
  return { deployment, report };
}

/** What holds data, and the providers needed to reach it. */
function keptOf(resources: ResourceState[]): Set<ResourceState> {
  const kept = resources.filter(
    ({ type, inputs }) =>
      type.startsWith("random:") ||
      ["Namespace", "PersistentVolumeClaim"].includes(textAt(inputs, "kind") ?? ""),
  );
  const providers = resources.filter(({ urn }) =>
    kept.some(({ provider }) => provider?.startsWith(`${urn}::`)),
  );
  return new Set([...kept, ...providers]);
}

/** A program's default export, or all its exports, as the Pulumi CLI takes them. */
async function loadProgram(path: string): Promise<Record<string, unknown>> {
  const exported = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  const program = "default" in exported ? exported["default"] : { ...exported };
  const isFunction = typeof program === "function";
  return (isFunction ? await (program as () => unknown)() : program) as Record<string, unknown>;
}

function conclude(errors: string[], report: Report, { signal }: EngineOptions): void {
  if (errors.length > 0) throw new UserError(report.scrub(errors.join("\n")));
  if (signal?.aborted)
    throw new UserError("interrupted; what was under way is saved, and the next run continues");
}

function outputsOf(state: StackState, options: EngineOptions): EngineResult {
  return { changes: [], outputs: shown(state.outputs, options), summary: "" };
}

function shown(outputs: JsonObject, { showSecrets }: EngineOptions): JsonObject {
  const text = JSON.stringify(showSecrets ? plain(outputs) : masked(outputs));
  return JSON.parse(text.replaceAll(unknownValue, "[known after the update]")) as JsonObject;
}

function seconds(started: number): string {
  return `${((Date.now() - started) / 1000).toFixed(1)} s`;
}
