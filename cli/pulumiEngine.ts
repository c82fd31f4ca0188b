import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import {
  CommandError,
  ConcurrentUpdateError,
  type Deployment,
  type EngineEvent,
  LocalWorkspace,
  Stack,
  StackNotFoundError,
  type UpOptions,
  type Workspace,
} from "@pulumi/pulumi/automation/index.js";
import { parse } from "yaml";
import { changesOf, type Step } from "../ci/plan.ts";
import { AwaitedWorkloads } from "./awaitedWorkloads.ts";
import type { Engine } from "./engine.ts";
import { findPulumi, installPulumi } from "./findPulumi.ts";
import { previewVariables } from "./gcloud.ts";
import { destroyWithNetwork } from "./googleNetwork.ts";
import { withoutVersionWarnings } from "./providerVersions.ts";
import { lockHolders, ownBackend } from "./pulumiLocks.ts";
import { secretSetting, stackFile } from "./stackSettings.ts";
import { settingOf } from "../program/settings.ts";
import { checkoutRoot, workFolder } from "../local/support/cache.ts";
import { onInterruption, run } from "../local/support/process.ts";
import { asMap, readYaml } from "../local/support/yamlFile.ts";

type Yaml = Record<string, unknown>;
type Variables = Record<string, string>;
type Shown = Pick<UpOptions, "onOutput" | "onError" | "color" | "signal">;

/** Kinds of resources that hold data, or without which the data could not be opened again. */
const dataTypes = [
  /^random:/,
  /^pulumi:providers:(gcp|random)$/,
  /^gcp:(sql|servicenetworking)\//,
  /^gcp:storage\/bucket:/,
  /^gcp:compute\/(network|globalAddress):/,
  /^gcp:projects\/service:/,
];

/** Those inside a cluster; one that the program makes goes, and they with it. */
const dataTypesInCluster = [
  /^kubernetes:core\/v1:(Namespace|PersistentVolumeClaim)$/,
  /^pulumi:providers:kubernetes$/,
];

/**
 * The Pulumi CLI on a separate project under `.mlops/`, whose program is the checkout's: the CLI writes the
 * encryption salt and other settings next to the stack's, and the committed files must stay as they are.
 */
export function pulumiEngine(
  name: string,
  overrides: Readonly<Record<string, string>>,
  kubeconfig?: string,
): Engine {
  const folder = join(workFolder, "pulumi");
  const inWorkspace = async (variables: Variables = {}): Promise<LocalWorkspace> => {
    const project = readYaml(join(checkoutRoot, "Pulumi.yaml"));
    const program = join(checkoutRoot, String(project["main"] ?? "index.ts"));
    const file = join(folder, `Pulumi.${name}.yaml`);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(file, "", { mode: 0o600, flag: "a" });
    return await LocalWorkspace.create({
      workDir: folder,
      pulumiCommand: (await findPulumi()) ?? (await installPulumi()),
      projectSettings: {
        ...project,
        name: String(project["name"]),
        main: relative(folder, program),
      },
      stackSettings: {
        [name]: stackSettings(readYaml(stackFile(name)), readYaml(file), project, overrides),
      },
      envVars: {
        PULUMI_SKIP_UPDATE_CHECK: "true",
        ...backendVariables(),
        ...(kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig }),
        ...variables,
      },
    });
  };
  const command = async (workspace: Workspace, words: string[], input: string) => {
    const { command: program } = workspace.pulumiCommand;
    const where = ["--cwd", folder, "--stack", name, "--non-interactive"];
    const env = { ...process.env, ...workspace.envVars };
    await run(program, [...words, ...where], { env, input });
  };
  const openStack = async (variables?: Variables) => {
    const stack = await Stack.createOrSelect(name, await inWorkspace(variables));
    const holders = lockHolders(name);
    if (holders.length > 0 && holders.every(({ isAlive }) => !isAlive)) await stack.cancel();
    return stack;
  };
  /** The stack as its program needs it. */
  const openProgram = async (variables?: Variables) => {
    const stack = await openStack(variables);
    for (const { path, value, isSecret } of secretLeaves(overrides)) {
      // every user of the machine can read arguments, and the API would make one of the value
      const words = [
        "config",
        "set",
        "--path",
        path,
        ...(isSecret ? ["--secret"] : ["--plaintext"]),
      ];
      await command(stack.workspace, words, value);
    }
    return stack;
  };
  return {
    name: "pulumi",
    preview: async ({ isQuiet = false } = {}) => {
      const stack = await openProgram(previewVariables());
      const steps: Step[] = [];
      const onEvent = (event: EngineEvent) => steps.push(...stepsIn(event));
      if (isQuiet) await stack.preview({ onEvent });
      const code = isQuiet ? 0 : await shown((options) => stack.preview({ ...options, onEvent }));
      return { code, changes: changesOf(steps) };
    },
    up: async (cluster, { takeOver = false, refresh = [] } = {}) => {
      const stack = await openProgram(
        takeOver ? { PULUMI_K8S_UPSERT_EXISTING_OBJECTS: "true" } : {},
      );
      return await shown(async (options, giveUp) => {
        if (refresh.length > 0) await stack.refresh({ ...options, target: [...refresh] });
        // an argument that is refused late would leave half a stack behind without it
        await stack.preview(options);
        const awaited = cluster && new AwaitedWorkloads(cluster);
        const isOver = new AbortController();
        const lost = awaited?.firstLost(isOver.signal).then((text) => text && giveUp(text));
        const onEvent = (event: EngineEvent) => awaited?.onEvent(event);
        await stack
          .up({ ...options, suppressOutputs: true, onEvent })
          .finally(() => isOver.abort());
        await lost;
      });
    },
    down: async ({ keepData }) => {
      const stack = await openStack();
      const state = async () => JSON.stringify(await stack.exportStack());
      const exclude = keepData ? dataUrns(await state()) : [];
      const destroy = () =>
        shown(async (options) => {
          // protected data would be refused only after what surrounds it was deleted
          await stack.destroy({ ...options, exclude, previewOnly: true });
          await stack.destroy({ ...options, exclude });
        });
      return await destroyWithNetwork({ destroy, state }, exclude);
    },
    forget: async () => {
      const { workspace } = await openStack();
      await workspace.removeStack(name, { force: true });
    },
    unlock: async () => {
      const stack = await openStack();
      await stack.cancel().catch((error: unknown) => {
        // not every backend lets a stack be unlocked that is not locked; the next command finds out
        if (!(error instanceof CommandError)) throw error;
      });
    },
    exportState: async () => JSON.stringify(await (await openStack()).exportStack()),
    importState: async (state) => {
      const stack = await openStack();
      const input = encryptedAs(await stack.exportStack(), state);
      // the Automation API would put the passwords into a file of /tmp that every user of the machine can read
      await command(stack.workspace, ["stack", "import"], input);
    },
    outputs: async ({ showSecrets }) => {
      if (!existsSync(join(folder, "Pulumi.yaml"))) return {};
      const workspace = await inWorkspace();
      try {
        const outputs = Object.entries(await workspace.stackOutputs(name));
        return Object.fromEntries(
          outputs.map(([key, { value, secret }]) => [
            key,
            secret && !showSecrets ? "[secret]" : (value as unknown),
          ]),
        );
      } catch (error) {
        if (error instanceof StackNotFoundError) return {};
        throw error;
      }
    },
  };
}

/** Runs operations of the CLI with their output on the terminal, and returns an exit code. */
async function shown(
  operation: (options: Shown, giveUp: (reason: string) => void) => Promise<unknown>,
): Promise<number> {
  const interruption = new AbortController();
  const reasons: string[] = [];
  const giveUp = (reason: string) => {
    reasons.push(reason);
    interruption.abort();
  };
  const output = withoutVersionWarnings((text) => process.stdout.write(text));
  const release = onInterruption(() => {
    if (interruption.signal.aborted) process.exit(1);
    interruption.abort();
  });
  try {
    await operation(
      {
        onOutput: output.write,
        onError: (text) => process.stderr.write(text),
        color: process.stdout.isTTY ? "always" : undefined,
        signal: interruption.signal,
      },
      giveUp,
    );
    return 0;
  } catch (error) {
    // the CLI has said what is wrong, but not why we have interrupted it
    for (const reason of reasons) console.error(`error: ${reason}`);
    if (error instanceof ConcurrentUpdateError) {
      console.error("If no run is active on the stack any more, unlock it with `npm run recover`.");
    }
    if (error instanceof CommandError) return 1;
    throw error;
  } finally {
    release();
    const versions = output.end();
    if (versions !== undefined) console.error(versions);
  }
}

function stepsIn({ resourcePreEvent }: EngineEvent): Step[] {
  if (!resourcePreEvent) return [];
  const { op, urn, old, new: next, diffs, keys, detailedDiff } = resourcePreEvent.metadata;
  return [
    {
      op,
      urn,
      oldState: old,
      newState: next,
      diffReasons: diffs,
      replaceReasons: keys,
      detailedDiff,
    },
  ];
}

/** A state with its secrets in plaintext, to be encrypted as those of the stack that it is imported into. */
function encryptedAs(own: Deployment, state: string): string {
  const given = JSON.parse(state) as { deployment: Yaml };
  const { secrets_providers } = own.deployment as Yaml;
  return JSON.stringify({ ...given, deployment: { ...given.deployment, secrets_providers } });
}

/** URNs of what `down --keep-data` leaves: the data and the providers they are reached through. */
export function dataUrns(exported: string): string[] {
  const { deployment } = JSON.parse(exported) as {
    deployment: { resources?: { urn: string; type: string }[] };
  };
  const resources = deployment.resources ?? [];
  const clusterGoes = resources.some(({ type }) => type === "gcp:container/cluster:Cluster");
  const kept = clusterGoes ? dataTypes : [...dataTypes, ...dataTypesInCluster];
  return resources
    .filter(({ type }) => kept.some((pattern) => pattern.test(type)))
    .map(({ urn }) => urn);
}

/** Whether the user has chosen where state is kept: in the environment, by `pulumi login` or in Pulumi.yaml. */
function hasBackend(env: NodeJS.ProcessEnv): boolean {
  if (env["PULUMI_BACKEND_URL"] || env["PULUMI_ACCESS_TOKEN"]) return true;
  if ("backend" in readYaml(join(checkoutRoot, "Pulumi.yaml"))) return true;
  const home = env["PULUMI_HOME"] || join(homedir(), ".pulumi");
  return Boolean(readYaml(join(home, "credentials.json"))["current"]);
}

/** Without a backend of the user's: files under `.mlops/`, encrypted with a passphrase made once. */
function backendVariables(env = process.env): Variables {
  if (hasBackend(env)) return {};
  const state = ownBackend();
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const backend = { PULUMI_BACKEND_URL: pathToFileURL(state).href };
  const { PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE } = env;
  if (PULUMI_CONFIG_PASSPHRASE !== undefined || PULUMI_CONFIG_PASSPHRASE_FILE) return backend;
  const passphrase = join(workFolder, "passphrase");
  if (!existsSync(passphrase)) {
    writeFileSync(passphrase, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx" });
  }
  return { ...backend, PULUMI_CONFIG_PASSPHRASE_FILE: passphrase };
}

interface Leaf {
  readonly path: string;
  readonly value: string;
  readonly isSecret: boolean;
}

/** The texts of secret overrides, to be encrypted each, and what else is in them. */
function secretLeaves(overrides: Readonly<Record<string, string>>): Leaf[] {
  const leaves = (path: string, value: unknown): Leaf[] =>
    typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([key, inner]) => leaves(`${path}["${key}"]`, inner))
      : [{ path, value: String(value), isSecret: typeof value === "string" }];
  return Object.entries(overrides).flatMap(([key, given]) => {
    const secret = secretSetting(key);
    if (secret === undefined) return [];
    return leaves(key, settingOf(secret).type === "object" ? parse(given) : given);
  });
}

/** The committed settings with overrides but secret ones, and with what the CLI had added to the last copy of them. */
export function stackSettings(
  committed: Yaml,
  previous: Yaml,
  { name, config: declared }: Yaml,
  overrides: Readonly<Record<string, string>>,
): Yaml {
  const { config: _, ...added } = previous;
  const config = { ...asMap(committed["config"]) };
  const open = Object.entries(overrides).filter(([key]) => secretSetting(key) === undefined);
  for (const [key, value] of open) {
    const { type } = asMap(asMap(declared)[key]);
    // the CLI wants the declared type, and says so when this is no JSON
    const typed: unknown = type === "object" || type === "array" ? parse(value) : value;
    config[key.includes(":") ? key : `${String(name)}:${key}`] = typed;
  }
  return { ...added, ...committed, config };
}
