import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { UserError } from "../support/errors.ts";
import { type Connection, KubernetesClient } from "../support/kubernetesClient.ts";
import { takeLock } from "../support/lock.ts";
import {
  type JsonObject,
  knownLater,
  masked,
  plain,
  textAt,
  unknownValue,
} from "../support/propertyValues.ts";
import { Deployment } from "./deploy.ts";
import { type Handler, passthrough } from "./handler.ts";
import { helmHandler } from "./helmRelease.ts";
import { kubernetesHandler } from "./kubernetesObjects.ts";
import type { ProgramOptions, ProgramResult } from "./monitor.ts";
import { loadConfig, loadProject } from "./projectFiles.ts";
import { randomHandler } from "./random.ts";
import { renderTree, Report, secondsSince, summaryOf } from "./report.ts";
import { type ResourceState, StackState } from "./state.ts";

// The only door of this folder.
export { loadConfig, loadProject };

/** The engine's own program: the Pulumi SDK runs one program per process. */
export const engineProgram = fileURLToPath(new URL("engineProgram.ts", import.meta.url));

export type Command = "preview" | "up" | "down" | "outputs";

export interface EngineOptions {
  /** Folder with Pulumi.yaml, the stack files, and `.mlops/state`. */
  folder: string;
  stack: string;
  /** Settings that win over the stack's file, `Pulumi.<stack>.yaml`. */
  config?: Record<string, string>;
  /** Keys of those settings that are secret. */
  secrets?: readonly string[];
  /** Path of a kubeconfig. Defaults to the provider's, then to the usual places. */
  kubeconfig?: string;
  /** `down` keeps namespaces, claims and generated passwords. */
  keepData?: boolean;
  /** Show secret outputs instead of `[secret]`. */
  showSecrets?: boolean;
  /** Ends the run early; running operations are finished and saved. */
  signal?: AbortSignal;
}

/** Runs a program with resources that `register` answers for. The SDK is heavy, and loaded only here. */
export async function runProgram(options: ProgramOptions): Promise<ProgramResult> {
  return (await import("./monitor.ts")).runProgram(options);
}

/**
 * Runs one command on a stack and returns its outputs: once per process, because the Pulumi SDK keeps its state in globals. All faults are
 * collected into one UserError after all independent work has ended.
 */
export async function runEngine(command: Command, options: EngineOptions): Promise<JsonObject> {
  const base = join(resolve(options.folder), ".mlops", "state", options.stack);
  const state = () => new StackState(`${base}.json`);
  if (command === "outputs") return shown(state().outputs, options);
  if (command === "preview") return deploy(state(), options, true);
  const release = takeLock(`${base}.lock`, "working on this stack");
  try {
    return await (command === "up" ? deploy(state(), options, false) : destroy(state(), options));
  } finally {
    release();
  }
}

async function deploy(
  state: StackState,
  options: EngineOptions,
  preview: boolean,
): Promise<JsonObject> {
  const { stack } = options;
  const folder = resolve(options.folder);
  const project = loadProject(folder);
  const config = loadConfig(project, join(folder, `Pulumi.${stack}.yaml`), options.config, {
    secrets: options.secrets,
  });
  const { deployment, report } = prepare(state, options, preview);
  const started = Date.now();
  report.line(`${preview ? "Previewing" : "Updating"} ${project.name} (${stack})`);
  const result = await runProgram({
    ...{ project: project.name, stack, preview },
    ...{ config: config.values, secretKeys: config.secretKeys },
    load: () => loadProgram(resolve(folder, project.main)),
    register: (registration) => deployment.register(registration),
  });
  const errors = [...result.errors, ...deployment.failures];
  if (errors.length === 0 && !options.signal?.aborted) await deployment.prune();
  if (!preview) {
    if (errors.length === 0) state.outputs = result.outputs;
    await state.save();
  }
  if (preview) report.line(renderTree(deployment.changes));
  conclude([...result.errors, ...deployment.failures], report, options);
  const summary = summaryOf(deployment.changes, preview);
  report.line(`${preview ? "Plan" : "Done"}: ${summary} (${secondsSince(started)})`);
  return shown(result.outputs, options);
}

async function destroy(state: StackState, options: EngineOptions): Promise<JsonObject> {
  const { deployment, report } = prepare(state, options, false);
  const started = Date.now();
  report.line(`Removing ${options.stack}${options.keepData ? ", keeping its data" : ""}`);
  const all = [...state.resources.values(), ...state.obsolete];
  const kept = options.keepData ? keptOf(all) : new Set<ResourceState>();
  await deployment.remove(all.filter((resource) => !kept.has(resource)));
  conclude([...deployment.failures], report, options);
  state.outputs = {};
  if (state.isEmpty) state.remove();
  else await state.save();
  report.line(`Done: ${summaryOf(deployment.changes, false)} (${secondsSince(started)})`);
  return {};
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
      context: textAt(inputs, "context"),
      namespace: textAt(inputs, "namespace"),
    };
  };
  const clients = new Map<string, Promise<KubernetesClient>>();
  const clientOf = (provider: string | undefined): Promise<KubernetesClient> => {
    const client = clients.get(provider ?? "") ?? KubernetesClient.connect(connectionOf(provider));
    clients.set(provider ?? "", client);
    return client;
  };
  const kubernetes = kubernetesHandler(clientOf);
  const helm = helmHandler({ connectionOf, clientOf, folder: resolve(options.folder) });
  const deployment = new Deployment({
    ...{ state, report, preview },
    signal: options.signal ?? new AbortController().signal,
    handlerOf: (type, name) => handlerOf(type, name, kubernetes, helm),
  });
  return { deployment, report };
}

/** The handler of a type, by its first matching prefix; types without one are refused with a sentence. */
export function handlerOf(type: string, name: string, kubernetes: Handler, helm: Handler): Handler {
  const table: [pattern: RegExp, handler: Handler | string][] = [
    [/^pulumi:providers:/, passthrough],
    [/^random:/, randomHandler],
    [/^kubernetes:helm.sh\/v3:Release$/, helm],
    [/^kubernetes:helm.sh\//, "the built-in engine installs charts as a helm.v3.Release only"],
    [/^kubernetes:kustomize/, "the built-in engine cannot run kustomize"],
    [/^kubernetes:yaml/, "the built-in engine cannot read YAML manifests"],
    [/^kubernetes:.*Patch$/, "the built-in engine cannot patch objects it does not own"],
    [/^kubernetes:/, kubernetes],
    [/^gcp:/, "the built-in engine creates nothing on Google Cloud"],
    [/^/, "the built-in engine does not know this type"],
  ];
  const [, found = ""] = table.find(([pattern]) => pattern.test(type)) ?? [];
  if (typeof found !== "string") return found;
  throw new UserError(`${name} is a ${type}: ${found}; install the Pulumi CLI to deploy it`);
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
    throw new UserError("interrupted; finished operations are saved, and the next run continues");
}

function shown(outputs: JsonObject, { showSecrets }: EngineOptions): JsonObject {
  const text = JSON.stringify(showSecrets ? plain(outputs) : masked(outputs));
  return JSON.parse(text.replaceAll(unknownValue, knownLater)) as JsonObject;
}
