import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { parse } from "yaml";

type Entry = Record<string, unknown> & { name: string };

/** The parts of a kubeconfig that are read here; everything else in it is kept. */
export interface Kubeconfig {
  "current-context"?: string;
  contexts?: { name: string; context: { cluster: string } }[];
  clusters?: { name: string; cluster: { server: string; [field: string]: unknown } }[];
  users?: Entry[];
}

/** The fields of a cluster or user that name a file. A plugin on PATH has no slash. */
const pathFields = ["certificate-authority", "client-certificate", "client-key", "tokenFile"];

/**
 * The kubeconfig as kubectl reads it: all files of KUBECONFIG, else ~/.kube/config. Of equal names the first counts,
 * and a file that does not exist counts for nothing. Empty where there is no file, never a guess such as localhost.
 */
export function readKubeconfig(file?: string): Kubeconfig {
  if (file !== undefined) return merged([readFile(file)]);
  const named = (process.env["KUBECONFIG"] ?? "").split(delimiter).filter(Boolean);
  const files = named.length > 0 ? named : [join(homedir(), ".kube", "config")];
  return merged(files.filter((one) => existsSync(one)).map(readFile));
}

function merged(all: Kubeconfig[]): Kubeconfig {
  return {
    "current-context": all.map((one) => one["current-context"]).find(Boolean),
    contexts: firstOfEach(all.flatMap(({ contexts }) => contexts ?? [])),
    clusters: firstOfEach(all.flatMap(({ clusters }) => clusters ?? [])),
    users: firstOfEach(all.flatMap(({ users }) => users ?? [])),
  };
}

function firstOfEach<T extends { name: string }>(entries: T[]): T[] {
  const names = entries.map(({ name }) => name);
  return entries.filter(({ name }, index) => names.indexOf(name) === index);
}

function readFile(file: string): Kubeconfig {
  try {
    const content: unknown = parse(readFileSync(file, "utf8")) ?? {};
    if (typeof content !== "object" || content === null) throw new Error("it is not a mapping");
    return withAbsolutePaths(content, dirname(file));
  } catch (error) {
    const [reason] = String((error as Error).message).split("\n");
    throw new Error(`the kubeconfig ${file} cannot be read: ${reason}`, { cause: error });
  }
}

/** Paths in a kubeconfig are relative to its folder. */
function withAbsolutePaths(config: Kubeconfig, folder: string): Kubeconfig {
  const absolute = (value: unknown) =>
    typeof value === "string" && value && !isAbsolute(value) ? join(folder, value) : value;
  for (const { cluster, user } of [
    ...(config.clusters ?? []),
    ...(config.users ?? []),
  ] as Entry[]) {
    const fields = (cluster ?? user ?? {}) as Record<string, unknown>;
    for (const name of pathFields) if (fields[name]) fields[name] = absolute(fields[name]);
    const exec = fields["exec"] as { command?: string } | undefined;
    if (exec?.command?.includes("/")) exec.command = String(absolute(exec.command));
  }
  return config;
}
