import { spawn } from "node:child_process";
import { constants } from "node:os";
import { createInterface } from "node:readline";
import find from "which";

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Text given to the command's standard input. */
  input?: string;
  /** Called with every line the command prints, for progress. */
  onLine?: (line: string) => void;
  /** Interrupts the command, as Ctrl-C does, and waits for it to end. */
  signal?: AbortSignal;
}

/** A command that ended with another exit code than 0. */
export class CommandError extends Error {
  override name = "CommandError";
  readonly code: number | null;
  readonly output: string;

  constructor(command: string, code: number | null, output: string) {
    super(`\`${command}\` ended with exit code ${code}\n${tail(output, 25)}`);
    this.code = code;
    this.output = output;
  }
}

/** Runs a command to its end and returns what it printed on standard output; throws CommandError. */
export function run(
  command: string,
  args: readonly string[],
  { env = process.env, input, onLine, signal, ...options }: RunOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const stdin = input === undefined ? "ignore" : "pipe";
    const child = spawn(command, args, { ...options, env, stdio: [stdin, "pipe", "pipe"] });
    const interrupt = () => child.kill("SIGINT");
    signal?.addEventListener("abort", interrupt, { once: true });
    let stdout = "";
    let all = "";
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        all += chunk;
        if (stream === child.stdout) stdout += chunk;
      });
      if (onLine) createInterface(stream).on("line", (line) => line.trim() && onLine(line));
    }
    child.stdin?.on("error", () => {}).end(input);
    child.on("error", reject);
    child.on("close", (code) => {
      signal?.removeEventListener("abort", interrupt);
      if (code === 0) resolve(stdout);
      else reject(new CommandError([command, ...args].join(" "), code, all));
    });
  });
}

/**
 * Forwards the signals that end this process, until the returned function is called, so that a child can end
 * cleanly. Ctrl-C is not among them: a terminal sends it to the child too.
 */
export function onInterruption(handOn: (signal: NodeJS.Signals) => void): () => void {
  const handler = (signal: NodeJS.Signals) => {
    if (signal !== "SIGINT" || !process.stdin.isTTY) handOn(signal);
  };
  const signals: NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  signals.forEach((signal) => process.on(signal, handler));
  return () => signals.forEach((signal) => process.off(signal, handler));
}

/** Runs a command with control of the terminal and returns its exit code. */
export function runInForeground(
  command: string,
  args: readonly string[],
  { input, ...options }: Pick<RunOptions, "cwd" | "env" | "input"> = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const stdin = input === undefined ? "inherit" : "pipe";
    const child = spawn(command, args, { ...options, stdio: [stdin, "inherit", "inherit"] });
    child.stdin?.on("error", () => {}).end(input);
    const release = onInterruption((signal) => child.kill(signal));
    child.on("error", (error) => {
      release();
      reject(error);
    });
    child.on("close", (code, signal) => {
      release();
      resolve(code ?? 128 + (constants.signals[signal!] ?? 0));
    });
  });
}

/** Full path of a program on PATH, or undefined. */
export const which = (program: string, env: NodeJS.ProcessEnv = process.env): string | undefined =>
  find.sync(program, { nothrow: true, path: env["PATH"] ?? "" }) ?? undefined;

export const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

function tail(text: string, lines: number): string {
  return text.trimEnd().split("\n").slice(-lines).join("\n");
}

/** Ends this process once its output is read: a pipe that is full loses what `process.exit` leaves behind. */
export const exitAfterOutput = (code: number): Promise<never> =>
  new Promise(() =>
    process.stderr.write("", () => process.stdout.write("", () => process.exit(code))),
  );
