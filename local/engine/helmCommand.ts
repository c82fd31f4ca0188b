import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureHelm } from "../cluster/index.ts";
import { UserError } from "../support/errors.ts";
import { CommandError, run } from "../support/process.ts";
import { Interrupted } from "./handler.ts";
import type { Connection } from "./kubernetesHttp.ts";
import { isObject, objectAt, plain, textAt } from "./values.ts";
import type { Json, JsonObject } from "./values.ts";

/** Inputs of a Release that are switches of `helm upgrade`. */
const switches: Record<string, string> = {
  atomic: "--atomic",
  cleanupOnFail: "--cleanup-on-fail",
  createNamespace: "--create-namespace",
  dependencyUpdate: "--dependency-update",
  devel: "--devel",
  disableOpenapiValidation: "--disable-openapi-validation",
  disableWebhooks: "--no-hooks",
  forceUpdate: "--force",
  renderSubchartNotes: "--render-subchart-notes",
  reuseValues: "--reuse-values",
  skipCrds: "--skip-crds",
  takeOwnership: "--take-ownership",
  verify: "--verify",
  waitForJobs: "--wait-for-jobs",
};

/** Inputs that are options with a value. */
const options: Record<string, string> = {
  description: "--description",
  keyring: "--keyring",
  maxHistory: "--history-max",
  postrender: "--post-renderer",
  version: "--version",
};

const repositoryOptions: Record<string, string> = {
  caFile: "--ca-file",
  certFile: "--cert-file",
  keyFile: "--key-file",
};

const others = [
  ...["chart", "chartFiles", "compat", "name", "namespace", "repositoryOpts", "resetValues"],
  ...["skipAwait", "timeout", "values"],
];

/** What is not handed to helm must not be dropped in silence. */
export function refuseUnknown(name: string, inputs: JsonObject): void {
  const refuse = (key: string, instead: string) => {
    throw new UserError(
      `${name}: the built-in engine does not support ${key} of a Helm release; ${instead}, or install the Pulumi CLI`,
    );
  };
  for (const [key, value] of Object.entries(inputs)) {
    const isKnown = key in switches || key in options || others.includes(key);
    if (!isKnown && !isEmpty(value)) refuse(key, "leave it out");
  }
  for (const [key, value] of Object.entries(objectAt(inputs, "repositoryOpts"))) {
    const isKnown = key === "repo" || key in repositoryOptions;
    if (!isKnown && !isEmpty(value))
      refuse(`repositoryOpts.${key}`, "log in with `helm registry login` or `helm repo add`");
  }
}

function isEmpty(value: Json): boolean {
  const inner = plain(value);
  if (Array.isArray(inner)) return inner.length === 0;
  return !inner || (isObject(inner) && Object.keys(inner).length === 0);
}

/** The words of `helm upgrade` that bring a release to its inputs. Values are read from standard input. */
export function upgradeWords(inputs: JsonObject, seconds: number): string[] {
  const known = plain(inputs) as JsonObject;
  const repository = objectAt(known, "repositoryOpts");
  const chosen = Object.entries(switches).filter(([key]) => known[key] === true);
  const given = [
    ...Object.entries(options).map(([key, flag]) => [flag, known[key]] as const),
    ...Object.entries(repositoryOptions).map(([key, flag]) => [flag, repository[key]] as const),
  ].filter(([, value]) => value !== undefined && value !== null && value !== "");
  return [
    ...["upgrade", textAt(known, "name") ?? "", ...chartWords(known), "--install"],
    ...["--values", "-", ...(known["reuseValues"] === true ? [] : ["--reset-values"])],
    ...[...(known["skipAwait"] === true ? [] : ["--wait"]), "--timeout", `${seconds}s`],
    ...chosen.map(([, flag]) => flag),
    ...given.flatMap(([flag, value]) => [flag, String(value)]),
  ];
}

/** A repository may be a URL, the place of OCI charts, or a name that `helm repo add` has given. */
function chartWords(inputs: JsonObject): string[] {
  const chart = textAt(inputs, "chart") ?? "";
  const repository = textAt(inputs, "repositoryOpts", "repo");
  if (!repository) return [chart];
  if (/^https?:/.test(repository)) return [chart, "--repo", repository];
  return [`${repository.replace(/\/$/, "")}/${chart}`];
}

/** Runs helm against the cluster of a connection. */
export class Helm {
  readonly #connection: Connection;
  readonly #folder: string;
  #program: Promise<string[]> | undefined;

  /** Paths in the inputs are relative to the folder. */
  constructor(connection: Connection, folder: string) {
    this.#connection = connection;
    this.#folder = folder;
  }

  /** What helm prints on standard output; throws CommandError. */
  async run(words: string[], call: { input?: string; signal?: AbortSignal } = {}): Promise<string> {
    const [program = "", ...before] = await (this.#program ?? this.prepare());
    if (call.signal?.aborted) throw new Interrupted();
    const { kubeconfig, context } = this.#connection;
    // what is no path is the content of one, and helm reads files only
    const folder = kubeconfig?.includes("\n") ? mkdtempSync(join(tmpdir(), "mlops-helm-")) : "";
    const path = folder ? join(folder, "kubeconfig") : kubeconfig;
    try {
      if (folder) writeFileSync(join(folder, "kubeconfig"), kubeconfig ?? "", { mode: 0o600 });
      const where = [
        ...(path ? ["--kubeconfig", path] : []),
        ...(context ? ["--kube-context", context] : []),
      ];
      return await run(program, [...before, ...words, ...where], { cwd: this.#folder, ...call });
    } catch (error) {
      if (call.signal?.aborted) throw new Interrupted();
      throw error;
    } finally {
      if (folder) rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Finds helm, or builds it. */
  prepare(onProgress?: (message: string) => void, signal?: AbortSignal): Promise<string[]> {
    this.#program ??= ensureHelm({ onProgress, signal }).then(guarded);
    return this.#program;
  }
}

/**
 * Where it can be had, a helm that hears when the engine is killed: it then notes that the release failed, instead of
 * going on beside the next run.
 */
async function guarded(program: string): Promise<string[]> {
  const guard = ["setpriv", "--pdeathsig", "INT"];
  const [command = "", ...words] = [...guard, "true"];
  return await run(command, words).then(
    () => [...guard, program],
    () => [program],
  );
}

/** The lines of an error that are for people, or undefined when helm did not run at all. */
export function helmError(error: unknown): string | undefined {
  if (!(error instanceof CommandError)) return undefined;
  const [, text = error.output] = /^Error: ([\s\S]*)/m.exec(error.output) ?? [];
  return text.trim().split("\n").slice(0, 6).join("\n    ");
}
