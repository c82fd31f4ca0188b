import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { parse, stringify } from "yaml";
import { destroyWithNetwork } from "../../../cli/googleNetwork.ts";
import { stackSettings } from "../../../cli/pulumiEngine.ts";
import { checkoutRoot } from "../../../local/support/cache.ts";

export interface Ended {
  readonly code: number;
  readonly output: string;
}

type Yaml = Record<string, unknown>;

/** A stack of the root program, run by the Pulumi CLI with its state in a folder that is thrown away. */
export class PulumiStack {
  readonly #name: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "mlops-stack-"));
  readonly #environment: NodeJS.ProcessEnv;

  constructor(name: string, environment: NodeJS.ProcessEnv) {
    this.#name = name;
    const state = join(this.#folder, "state");
    mkdirSync(state);
    this.#environment = {
      ...environment,
      PULUMI_BACKEND_URL: pathToFileURL(state).href,
      PULUMI_CONFIG_PASSPHRASE: "passphrase of nothing",
      PULUMI_SKIP_UPDATE_CHECK: "true",
    };
  }

  /** Settings on top of those of the committed stack file, from the next command on. */
  configure(committed: string, overrides: Record<string, string>): void {
    const project = yamlOf(join(checkoutRoot, "Pulumi.yaml"));
    const main = relative(this.#folder, join(checkoutRoot, "index.ts"));
    writeFileSync(join(this.#folder, "Pulumi.yaml"), stringify({ ...project, main }));
    const file = join(this.#folder, `Pulumi.${this.#name}.yaml`);
    const given = yamlOf(join(checkoutRoot, committed));
    const settings = stackSettings(given, yamlOf(file), project, overrides);
    writeFileSync(file, stringify(settings));
  }

  /** Runs one command of the CLI on the stack to its end. */
  run(command: string, ...args: string[]): Promise<Ended> {
    return this.#cli([...command.split(" "), "--stack", this.#name, ...args]);
  }

  async create(): Promise<void> {
    const { code, output } = await this.#cli(["stack", "init", this.#name]);
    if (code !== 0) throw new Error(output);
  }

  /** `up` that shows every step in one line. */
  up(...args: string[]): Promise<Ended> {
    return this.run("up", "--yes", "--skip-preview", "--suppress-progress", ...args);
  }

  async outputs(): Promise<Record<string, unknown>> {
    const { output } = await this.run("stack output", "--json", "--show-secrets");
    return JSON.parse(output) as Record<string, unknown>;
  }

  /** The state as it lies in the backend, secrets encrypted. */
  async state(): Promise<string> {
    return (await this.run("stack export")).output;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #cli(args: readonly string[]): Promise<Ended> {
    return new Promise((resolve, reject) => {
      const child = spawn("pulumi", [...args, "--non-interactive"], {
        cwd: this.#folder,
        env: this.#environment,
        stdio: ["ignore", "pipe", "pipe"],
      });
      const started = Date.now();
      let output = "";
      const collect = (chunk: string) => (output += chunk);
      child.stdout.setEncoding("utf8").on("data", collect);
      // next to JSON and a state there are notes about plugins on PATH
      const isData = args.includes("--json") || args.includes("export");
      child.stderr.setEncoding("utf8").on("data", isData ? () => {} : collect);
      child.on("error", reject);
      child.on("close", (code) => {
        const seconds = Math.round((Date.now() - started) / 1000);
        process.stderr.write(`    pulumi ${args.join(" ")}: ${seconds} s\n`);
        resolve({ code: code ?? -1, output });
      });
    });
  }
}

/** Destroys a stack as `npm run down -- --delete-data` does. Returns every attempt. */
export async function destroyAll(stack: PulumiStack, tools: string): Promise<Ended[]> {
  const attempts: Ended[] = [];
  const destroy = async () => {
    attempts.push(await stack.run("destroy", "--yes", "--skip-preview"));
    return attempts.at(-1)!.code;
  };
  const { PATH } = process.env;
  process.env["PATH"] = [tools, PATH].join(delimiter);
  await destroyWithNetwork({ destroy, state: () => stack.state() }).finally(() => {
    process.env["PATH"] = PATH;
  });
  return attempts;
}

/** Steps of an update that did something to a resource, as `updated mlops-bucket-bucket`. */
export function steps(output: string): string[] {
  const line =
    /^ *[+~-]+ +\S+:\S+ (\S+) (created|updated|replaced|deleted|deleted original|created replacement) ?\(/gm;
  const all = [...output.matchAll(line)].map(([, name, what]) => `${what} ${name}`);
  return [...new Set(all)].sort();
}

/** What `up --refresh --diff` would change or has changed, beyond what the refresh has found. */
export function changesIn(output: string): string[] {
  const begin = /^ *[+~-]+ ?\S+:\S+: \((?!refresh|same|read)\w/;
  const lines = output.split("\n");
  const first = lines.findIndex((line) => begin.test(line));
  return first < 0 ? [] : lines.slice(first, first + 40);
}

const yamlOf = (path: string): Yaml =>
  existsSync(path) ? ((parse(readFileSync(path, "utf8")) as Yaml | null) ?? {}) : {};
