import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { checkoutRoot } from "../../../local/support/cache.ts";
import { environment as pythonEnvironment } from "../../support/pythonEnvironment.ts";

/** What 20 clients saw. */
export interface Written {
  /** Writes that MLflow acknowledged. */
  written: number;
  /** Those that it does not give back. */
  lost: string[];
  /** What the clients raised, after their own retries, and how often. */
  errors: Record<string, number>;
  /** The longest that one call took, its retries included. */
  longestSeconds: number;
}

export interface Writers {
  /** Lets the clients write. */
  begin(): Promise<void>;
  /** Waits until every call has ended, and reads back what was acknowledged. */
  end(): Promise<Written>;
  stop(): void;
}

/** Starts 20 clients that log runs, metrics, parameters, tags and files as notebooks do. */
export async function startWriters(variables: Record<string, string>): Promise<Writers> {
  const program = join(checkoutRoot, "test", "e2e", "support", "keep_writing.py");
  const child = spawn(await pythonEnvironment("mlflow"), [program], {
    env: { ...process.env, ...variables, MLFLOW_DISABLE_TELEMETRY: "true" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (word: "begin" | "end") => {
    child.stdin.write(`${word}\n`);
    const { value, done } = await answers.next();
    if (done) throw new Error("the writing clients have ended");
    return JSON.parse(value) as Written;
  };
  return {
    begin: async () => void (await ask("begin")),
    end: () => ask("end"),
    stop: () => child.kill("SIGKILL"),
  };
}
