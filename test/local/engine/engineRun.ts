import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { textOf } from "../../../program/setting.ts";

const root = resolve(__dirname, "../../..");
export const node = join(root, "node_modules/.bin/node");

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface StartOptions {
  env?: NodeJS.ProcessEnv;
  /** In its own process group. */
  detached?: boolean;
  /** The program's provider has one. */
  noKubeconfig?: boolean;
}

/** A folder with a Pulumi project around one of the test programs, and the engine run on it. */
export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), "engine-"));
  readonly statePath = join(this.folder, ".mlops/state/dev.json");
  kubeconfig = join(this.folder, "kubeconfig");

  constructor(program: string, kubeconfig?: string) {
    const main = resolve(__dirname, "programs", program);
    writeFileSync(
      join(this.folder, "Pulumi.yaml"),
      `name: engine-test\nruntime: nodejs\nmain: ${main}\n`,
    );
    if (kubeconfig) this.kubeconfig = kubeconfig;
  }

  /** Starts the engine with settings. */
  start(
    command: string,
    config: Record<string, unknown> = {},
    flags: string[] = [],
    { noKubeconfig = false, ...options }: StartOptions = {},
  ) {
    const script = join(root, "local/engine/engineProgram.ts");
    const given = noKubeconfig ? [] : ["--kubeconfig", this.kubeconfig];
    const where = ["--folder", this.folder, "--config-from-stdin", ...given];
    const child = spawn(node, [script, command, ...where, ...flags], options);
    const settings = Object.entries(config).map(([key, value]) => [key, textOf(value)]);
    child.stdin
      .on("error", () => {})
      .end(JSON.stringify({ config: Object.fromEntries(settings), secrets: [] }));
    return { child, ended: ended(child) };
  }

  /** A run that has to succeed. */
  async succeed(command: string, config?: Record<string, unknown>, flags?: string[]) {
    const result = await this.run(command, config, flags);
    if (result.code !== 0)
      throw new Error(`${command} ended with ${result.code}: ${result.stderr}`);
    return result;
  }

  run(command: string, config?: Record<string, unknown>, flags?: string[]) {
    return this.start(command, config, flags).ended;
  }

  state() {
    return JSON.parse(readFileSync(this.statePath, "utf8")) as {
      resources: { name: string; id: string; pending?: string }[];
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Waits until something holds, for 30 seconds at most. */
export async function until(holds: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 3_000; attempt += 1) {
    if (holds()) return;
    await new Promise((done) => setTimeout(done, 10));
  }
  throw new Error("what the test waits for did not happen within 30 s");
}

function ended(child: ChildProcess): Promise<Ended> {
  const result: Ended = { code: null, stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk) => (result.stdout += chunk));
  child.stderr?.on("data", (chunk) => (result.stderr += chunk));
  return new Promise((done) => child.on("close", (code) => done({ ...result, code })));
}
