import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EngineName } from "./engine.ts";
import { workFolder } from "../local/support/cache.ts";
import type { Target } from "./target.ts";

/** Which charts a stack is deployed with. */
export type Charts = "official" | "stand-in";

/** Where and how a stack was deployed from this checkout: later commands go there again. */
export interface Deployment {
  readonly target: Target;
  readonly engine: EngineName;
  readonly namespace: string;
  readonly charts: Charts;
  /** Settings that only the command line of the last `up` had, without secrets. */
  readonly overrides?: Readonly<Record<string, string>>;
}

const pathOf = (stack: string) => join(workFolder, "deployments", `${stack}.json`);

export function readDeployment(stack: string): Deployment | undefined {
  try {
    return JSON.parse(readFileSync(pathOf(stack), "utf8")) as Deployment;
  } catch {
    return undefined; // nothing deployed yet
  }
}

/** Every stack that is deployed from this checkout. */
export function listDeployments(): { stack: string; deployment: Deployment }[] {
  let files: string[] = [];
  try {
    files = readdirSync(join(workFolder, "deployments"));
  } catch {
    // nothing deployed yet
  }
  return files
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length))
    .flatMap((stack) => {
      const deployment = readDeployment(stack);
      return deployment ? [{ stack, deployment }] : [];
    });
}

/** Whether a stack is on the local cluster in a folder. */
export const isOn = (folder: string, { target }: Deployment): boolean =>
  target.kind === "local-cluster" && target.folder === folder;

export function writeDeployment(stack: string, deployment: Deployment): void {
  const path = pathOf(stack);
  mkdirSync(join(workFolder, "deployments"), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.${process.pid}`, `${JSON.stringify(deployment, undefined, 2)}\n`);
  renameSync(`${path}.${process.pid}`, path);
}

export function forgetDeployment(stack: string): void {
  rmSync(pathOf(stack), { force: true });
}
