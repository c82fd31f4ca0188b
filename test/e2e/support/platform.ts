import { spawn } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { listProcesses } from "../../../local/cluster/processes.ts";
import { cacheRoot, checkoutRoot, claimCache } from "../../../local/support/cache.ts";
import { kube, type Kube } from "./kube.ts";

// The tests deploy a stack and their own cluster; only what takes long to build is shared with the user's.
export const namespace = "mlops";
const shared = ["bin", "images", "node"];

const { KUBECONFIG: _, ...inherited } = process.env;
export const environment: NodeJS.ProcessEnv = {
  ...inherited,
  MLOPS_CACHE_DIR: join(cacheRoot(), "e2e"),
  CI: "1",
};
const cacheFolder = cacheRoot(environment);
export const clusterFolder = join(cacheFolder, "cluster");

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Why the platform cannot be tried here, if it cannot. */
export function reasonToSkip(): string | undefined {
  if (process.platform !== "linux") return "needs Linux";
  if (process.getuid?.() !== 0) return "needs root";
  const other = listProcesses().find(
    ({ state }) => state !== undefined && state !== clusterFolder,
  )?.state;
  return other ? `a local cluster runs already, from ${other}` : undefined;
}

/** The command line as npm's scripts start it, on one stack. */
export function commandLine(stack: string, ...upOptions: string[]) {
  const start = (command: string, ...args: string[]) => {
    const words = [command, "--stack", stack, ...args];
    const child = spawn("node", [join(checkoutRoot, "cli", "bootstrap.mjs"), ...words], {
      cwd: checkoutRoot,
      env: environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (output.stdout += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      output.stderr += chunk;
      process.stderr.write(chunk.replace(/^/gm, "    "));
    });
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve({ code: code ?? -1, ...output }));
    });
    return { child, output, ended };
  };
  const mlops = (command: string, ...args: string[]) => start(command, ...args).ended;
  return {
    stack,
    upOptions,
    /** For a command that runs until it is stopped. */
    start,
    mlops,
    up: (...args: string[]) => mlops("up", ...upOptions, ...args),
    outputs: async () => {
      const { stdout } = await mlops("outputs", "--json", "--show-secrets");
      return JSON.parse(stdout) as Record<string, string>;
    },
  };
}

/** The models of the stack: the example, and two that people register. Only with a port are they reached from here. */
export const models = {
  "diabetes-progression": {},
  "wine-xgboost": { nodePort: 31346 },
  "wine-lightgbm": { nodePort: 31347 },
};

export const withModels = (wanted: object) => ["--config", `models=${JSON.stringify(wanted)}`];

/** Whatever else this machine has, on the local cluster with the built-in engine. */
export const cli = commandLine(
  "e2e",
  "--local-cluster",
  "--engine",
  "builtin",
  ...withModels(models),
);
export const { stack, start, mlops, up, outputs } = cli;

/** Lets the tests' cache folder use what is built already. */
export function linkCache(): void {
  const root = claimCache();
  claimCache(cacheFolder);
  for (const part of shared) {
    mkdirSync(join(root, part), { recursive: true });
    const link = join(cacheFolder, part);
    if (!existsSync(link)) symlinkSync(join(root, part), link);
  }
}

/** Removes what a test run that was killed has left. */
export async function cleanSlate(): Promise<void> {
  linkCache();
  await mlops("down", "--cluster", "--keep-cache", "--yes");
}

export const kubeconfigPath = join(clusterFolder, "kubeconfig");

export const api = (): Kube => kube(kubeconfigPath);
