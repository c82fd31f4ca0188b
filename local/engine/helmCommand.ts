import { ensureHelm } from "../cluster/index.ts";
import { UserError } from "../support/errors.ts";
import { Interrupted, type Work } from "../support/interruption.ts";
import type { Connection } from "../support/kubernetesClient.ts";
import { CommandError, run } from "../support/process.ts";
import { type JsonObject, objectAt, plain, textAt } from "../support/propertyValues.ts";

/** Inputs of a Release that the engine passes on to helm; the others are refused. */
const known = [
  ...["chart", "chartFiles", "compat", "maxHistory", "name", "namespace", "repositoryOpts"],
  ...["resetValues", "skipAwait", "skipCrds", "timeout", "values", "version"],
];

/** An input that is not passed on to helm is an error, never silently dropped. */
export function refuseUnknown(name: string, inputs: JsonObject): void {
  const options = Object.keys(objectAt(inputs, "repositoryOpts"));
  const lost =
    Object.keys(inputs).find((key) => !known.includes(key)) ??
    options.filter((key) => key !== "repo").map((key) => `repositoryOpts.${key}`)[0];
  if (lost !== undefined)
    throw new UserError(
      `${name}: the built-in engine does not support ${lost} of a Helm release; leave it out, or install the Pulumi CLI`,
    );
}

/** The arguments of `helm upgrade` that bring a release to its inputs. Values are read from standard input. */
export function upgradeWords(inputs: JsonObject, seconds: number): string[] {
  const given = plain(inputs) as JsonObject;
  const valued = { "--history-max": given["maxHistory"], "--version": given["version"] };
  return [
    ...["upgrade", textAt(given, "name") ?? "", ...chartWords(given), "--install"],
    ...["--values", "-", "--reset-values"],
    ...[...(given["skipAwait"] === true ? [] : ["--wait"]), "--timeout", `${seconds}s`],
    ...(given["skipCrds"] === true ? ["--skip-crds"] : []),
    ...Object.entries(valued).flatMap(([flag, value]) => (value ? [flag, String(value)] : [])),
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

/** Runs helm against the cluster of a connection; returns what it prints, or throws CommandError. */
export type Helm = (words: string[], work: Work, input?: string) => Promise<string>;

/** Paths in the words are relative to the folder. helm is built first where there is none. */
export function helmFor({ kubeconfig, context }: Connection, folder: string): Helm {
  let program: Promise<string[]> | undefined;
  return async (words, work, input) => {
    const { signal } = work;
    program ??= ensureHelm({ onProgress: (text) => work.wait(text), signal }).then(guarded);
    const [command = "", ...before] = await program;
    if (signal.aborted) throw new Interrupted();
    const where = [
      ...(kubeconfig ? ["--kubeconfig", kubeconfig] : []),
      ...(context ? ["--kube-context", context] : []),
    ];
    try {
      return await run(command, [...before, ...words, ...where], { cwd: folder, input, signal });
    } catch (error) {
      throw signal.aborted ? new Interrupted() : error;
    }
  };
}

/**
 * Where possible, a helm that is interrupted when the engine is killed: it then marks the release as failed, instead
 * of going on next to the next run.
 */
async function guarded(program: string): Promise<string[]> {
  const guard = ["setpriv", "--pdeathsig", "INT"];
  const [command = "", ...words] = [...guard, "true"];
  return await run(command, words).then(
    () => [...guard, program],
    () => [program],
  );
}

/** The lines of an error that are meant for people, or undefined when helm did not run at all. */
export function helmError(error: unknown): string | undefined {
  if (!(error instanceof CommandError)) return undefined;
  const [, text = error.output] = /^Error: ([\s\S]*)/m.exec(error.output) ?? [];
  return text.trim().split("\n").slice(0, 6).join("\n    ");
}
