import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ClusterAccess, type Engine, type EngineName, engineNames } from "./engine.ts";
import { engineProgram } from "../local/engine/index.ts";
import { pulumiCli } from "./pulumiCli.ts";
import type { Settings } from "./stackSettings.ts";
import { type OptionSpec, type OptionValues, textOf } from "./arguments.ts";
import { checkoutRoot, workFolder } from "../local/support/cache.ts";
import { run, runInForeground, which } from "../local/support/process.ts";
import { UserError } from "../local/support/errors.ts";

export const engineOption = {
  engine: {
    type: "string",
    value: "NAME",
    help: "pulumi or builtin. Default: pulumi where the Pulumi CLI is on PATH",
  },
} satisfies Record<string, OptionSpec>;

/** The engine asked for, else the one this stack was deployed with, else the Pulumi CLI if there is one. */
export function chooseEngine(values: OptionValues, remembered?: EngineName): EngineName {
  const wanted = textOf(values["engine"]);
  if (wanted !== undefined && !engineNames.some((name) => name === wanted)) {
    throw new UserError(`--engine must be ${engineNames.join(" or ")}, not ${wanted}`);
  }
  if (remembered !== undefined && wanted !== undefined && wanted !== remembered) {
    throw new UserError(
      `this stack was deployed with the engine ${remembered}, which alone knows its state; leave --engine out, or run \`npm run down\` first`,
    );
  }
  const name =
    (wanted as EngineName | undefined) ?? remembered ?? (which("pulumi") ? "pulumi" : "builtin");
  if (name === "pulumi" && !which("pulumi")) {
    throw new UserError(
      "the Pulumi CLI is not on PATH; install it (https://www.pulumi.com/docs/install), or use --engine builtin",
    );
  }
  return name;
}

export function openEngine(name: EngineName, settings: Settings, access: ClusterAccess): Engine {
  const range = access.controlPlaneAddress && `${access.controlPlaneAddress}/32`;
  const overrides = {
    ...settings.overrides,
    ...(access.context === undefined ? {} : { kubeContext: access.context }),
    ...(access.nodeAddress === undefined ? {} : { nodeAddress: access.nodeAddress }),
    ...(range && { apiServerAddresses: range, dnsAddresses: range }),
  };
  const env =
    access.kubeconfig === undefined
      ? process.env
      : { ...process.env, KUBECONFIG: access.kubeconfig };
  return name === "pulumi"
    ? pulumiCli(settings.stack, overrides, env)
    : builtinEngine(settings.stack, overrides, env);
}

function builtinEngine(
  stack: string,
  overrides: Record<string, string>,
  env: NodeJS.ProcessEnv,
): Engine {
  const statePath = join(workFolder, "state", `${stack}.json`);
  const lockPath = join(workFolder, "state", `${stack}.lock`);
  // not as arguments: every user of the machine sees those, and some settings are secret
  const input = JSON.stringify(overrides);
  // a process of its own: the Pulumi SDK runs one program per process
  const command = (...words: string[]) => [engineProgram, ...words, "--stack", stack];
  const foreground = (...words: string[]) =>
    runInForeground(process.execPath, command(...words), { cwd: checkoutRoot, env });
  const withConfig = (word: string) =>
    runInForeground(process.execPath, command(word, "--config-from-stdin"), {
      cwd: checkoutRoot,
      env,
      input,
    });
  return {
    name: "builtin",
    preview: () => withConfig("preview"),
    plan: async () => undefined,
    up: () => withConfig("up"),
    down: ({ keepData }) => foreground("down", ...(keepData ? ["--keep-data"] : [])),
    forget: async () => {
      for (const path of [statePath, lockPath]) rmSync(path, { force: true });
    },
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
          { cwd: checkoutRoot, env },
        ),
      ) as Record<string, unknown>,
  };
}
