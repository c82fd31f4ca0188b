import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Engine } from "./engine.ts";
import { engineProgram } from "../local/engine/index.ts";
import { checkoutRoot, workFolder } from "../local/support/cache.ts";
import { secretKeys } from "../program/settings.ts";
import { run, runInForeground } from "../local/support/process.ts";

/** The stand-in for the Pulumi CLI, in a separate process: the Pulumi SDK runs one program per process. */
export function builtinEngine(
  stack: string,
  overrides: Readonly<Record<string, string>>,
  kubeconfig?: string,
): Engine {
  const statePath = join(workFolder, "state", `${stack}.json`);
  const lockPath = join(workFolder, "state", `${stack}.lock`);
  const env = { ...process.env, ...(kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig }) };
  const options = { cwd: checkoutRoot, env };
  const command = (...words: string[]) => [engineProgram, ...words, "--stack", stack];
  const withConfig = (word: string) =>
    runInForeground(process.execPath, command(word, "--config-from-stdin"), {
      ...options,
      // not as arguments: every user of the machine sees those, and some settings are secret
      input: JSON.stringify({ config: overrides, secrets: secretKeys }),
    });
  return {
    name: "builtin",
    preview: async () => ({ code: await withConfig("preview") }),
    up: () => withConfig("up"),
    down: ({ keepData }) =>
      runInForeground(
        process.execPath,
        command("down", ...(keepData ? ["--keep-data"] : [])),
        options,
      ),
    forget: async () => {
      for (const path of [statePath, lockPath]) rmSync(path, { force: true });
    },
    unlock: async () => {},
    exportState: async () => (existsSync(statePath) ? readFileSync(statePath, "utf8") : undefined),
    importState: async (state) => {
      mkdirSync(dirname(statePath), { recursive: true, mode: 0o700 });
      writeFileSync(`${statePath}.new`, state, { mode: 0o600 });
      renameSync(`${statePath}.new`, statePath);
    },
    outputs: async ({ showSecrets }) =>
      JSON.parse(
        await run(
          process.execPath,
          command("outputs", "--json", ...(showSecrets ? ["--show-secrets"] : [])),
          options,
        ),
      ) as Record<string, unknown>,
  };
}
