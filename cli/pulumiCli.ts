import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { parse, stringify } from "yaml";
import type { Engine } from "./engine.ts";
import { previewEnvironment } from "./googleLogin.ts";
import { destroyWithNetwork } from "./googleNetwork.ts";
import { stackFile } from "./stackSettings.ts";
import { checkoutRoot, workFolder } from "../local/support/cache.ts";
import { CommandError, run, runInForeground } from "../local/support/process.ts";

type Yaml = Record<string, unknown>;

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
 * The Pulumi CLI on a project of its own under `.mlops/`, whose program is the checkout's: the CLI writes the
 * encryption salt and other settings beside the stack's, and the committed files must stay as they are.
 */
export function pulumiCli(
  stack: string,
  overrides: Record<string, string>,
  environment: NodeJS.ProcessEnv,
): Engine {
  const folder = join(workFolder, "pulumi");
  const env = withBackend(environment);
  const common = ["--cwd", folder, "--stack", stack, "--non-interactive"];
  const prepare = async () => {
    writeProject(folder, stack, overrides);
    await run("pulumi", ["stack", "select", "--create", stack, ...common.slice(0, 2)], { env });
  };
  const foreground = (...words: string[]) =>
    runInForeground("pulumi", [...words, ...common], { env });
  return {
    name: "pulumi",
    preview: async () => {
      await prepare();
      return await runInForeground("pulumi", ["preview", ...common], {
        env: previewEnvironment(env),
      });
    },
    plan: async () => {
      await prepare();
      return await run("pulumi", ["preview", "--json", "--show-sames", ...common], {
        env: previewEnvironment(env),
      });
    },
    up: async () => {
      await prepare();
      // with the CLI's own preview: an argument that is refused late would leave half a stack behind without it
      return await foreground("up", "--yes", "--suppress-outputs");
    },
    down: async ({ keepData }) => {
      await prepare();
      const state = () => run("pulumi", ["stack", "export", ...common.slice(0, 4)], { env });
      const kept = keepData ? dataUrns(await state()) : [];
      const excludes = kept.flatMap((urn) => ["--exclude", urn]);
      // with the CLI's own preview: protected data would be refused only after what surrounds it was deleted
      const destroy = () => foreground("destroy", "--yes", ...excludes);
      return await destroyWithNetwork({ destroy, state }, kept);
    },
    forget: async () => {
      await prepare();
      await run("pulumi", ["stack", "rm", "--force", "--yes", ...common], { env });
    },
    exportState: async () => {
      await prepare();
      return await run("pulumi", ["stack", "export", "--show-secrets", ...common], { env });
    },
    importState: async (state) => {
      await prepare();
      const empty = await run("pulumi", ["stack", "export", ...common], { env });
      const input = encryptedAs(empty, state);
      await run("pulumi", ["stack", "import", ...common], { env, input });
    },
    outputs: async ({ showSecrets }) => {
      if (!existsSync(join(folder, "Pulumi.yaml"))) return {};
      const words = ["stack", "output", "--json", ...(showSecrets ? ["--show-secrets"] : [])];
      try {
        return JSON.parse(await run("pulumi", [...words, ...common], { env })) as Yaml;
      } catch (error) {
        if (error instanceof CommandError && /no stack named/.test(error.output)) return {};
        throw error;
      }
    },
  };
}

/** A state with its secrets in clear, to be encrypted as those of the stack that it is imported into. */
function encryptedAs(stack: string, state: string): string {
  const [{ deployment: own }, given] = [stack, state].map(
    (text) => JSON.parse(text) as { deployment: Yaml },
  ) as [{ deployment: Yaml }, { deployment: Yaml }];
  const { secrets_providers } = own;
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
export function withBackend(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...environment, PULUMI_SKIP_UPDATE_CHECK: "true" };
  if (hasBackend(env)) return env;
  const state = join(workFolder, "pulumi-state");
  mkdirSync(state, { recursive: true, mode: 0o700 });
  env["PULUMI_BACKEND_URL"] = pathToFileURL(state).href;
  if (env["PULUMI_CONFIG_PASSPHRASE"] === undefined && !env["PULUMI_CONFIG_PASSPHRASE_FILE"]) {
    const passphrase = join(workFolder, "passphrase");
    if (!existsSync(passphrase)) {
      writeFileSync(passphrase, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx" });
    }
    env["PULUMI_CONFIG_PASSPHRASE_FILE"] = passphrase;
  }
  return env;
}

function writeProject(folder: string, stack: string, overrides: Record<string, string>): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const project = readYaml(join(checkoutRoot, "Pulumi.yaml"));
  const program = join(checkoutRoot, String(project["main"] ?? "index.ts"));
  writeFileSync(
    join(folder, "Pulumi.yaml"),
    stringify({ ...project, main: relative(folder, program) }),
  );
  const path = join(folder, `Pulumi.${stack}.yaml`);
  const committed = readYaml(stackFile(stack));
  writeFileSync(path, stringify(stackSettings(committed, readYaml(path), project, overrides)), {
    mode: 0o600,
  });
}

/** The committed settings with overrides, and with what the CLI had added to the last copy of them. */
export function stackSettings(
  committed: Yaml,
  previous: Yaml,
  { name, config: declared }: Yaml,
  overrides: Record<string, string>,
): Yaml {
  const { config: _, ...added } = previous;
  const config: Yaml = { ...(committed["config"] as Yaml | undefined) };
  for (const [key, value] of Object.entries(overrides)) {
    const type = (declared as Record<string, Yaml> | undefined)?.[key]?.["type"];
    // the CLI wants the declared type, and says so when this is no JSON
    const typed: unknown = type === "object" ? parse(value) : value;
    config[key.includes(":") ? key : `${String(name)}:${key}`] = typed;
  }
  return { ...added, ...committed, config };
}

function readYaml(path: string): Yaml {
  if (!existsSync(path)) return {};
  return (parse(readFileSync(path, "utf8")) as Yaml | null) ?? {};
}
