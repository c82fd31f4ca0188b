import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { loadConfig, type PlatformConfig } from "../program/config.ts";
import { choosePorts, type PortFacts, portFaults } from "../program/ports.ts";
import { textOf } from "../program/setting.ts";
import { secretKeys } from "../program/settings.ts";
import * as engine from "../local/engine/index.ts";
import type { Options } from "./commandLine.ts";
import { checkoutRoot } from "../local/support/cache.ts";
import { messageOf, UserError } from "../local/support/errors.ts";

/** A stack and its settings, as the program will see them. */
export interface Settings {
  readonly stack: string;
  readonly project: string;
  /** Values of the command line; they win over the stack's file. */
  readonly overrides: Readonly<Record<string, string>>;
  readonly config: PlatformConfig;
}

export const defaultStack = "dev";

/**
 * Checks the whole configuration before anything is built or started.
 * @param deployed those of an earlier command line, over which the options win
 */
export function readSettings(
  { stack = defaultStack, config: given = [] }: Options,
  deployed: Settings["overrides"] = {},
): Settings {
  if (!/^[A-Za-z0-9_.-]+$/.test(stack)) {
    throw new UserError(`--stack must be letters, digits, ".", "_" and "-", not ${stack}`);
  }
  const overrides = { ...deployed, ...Object.fromEntries(given.map(keyAndValue)) };
  const { project, values, secretKeys: encrypted } = loadSettings(stack, overrides);
  const { name } = project;
  const qualified = (key: string) => `${name}:${key}`;
  const source = {
    name,
    get: (key: string) => values[qualified(key)],
    isSecret: (key: string) => encrypted.includes(qualified(key)),
  };
  const config = checked(() => loadConfig(source, Object.keys(values)));
  return { stack, project: name, overrides, config };
}

/**
 * A stack's settings as the program gets them. What is encrypted for the Pulumi CLI cannot be read here; something that
 * passes for a URL or a password stands for it.
 */
export function loadSettings(stack: string, overrides: Readonly<Record<string, string>>) {
  const project = engine.loadProject(checkoutRoot);
  const config = engine.loadConfig(project, stackFile(stack), overrides, {
    secrets: secretKeys,
    encryptedAs: "https://encrypted.invalid",
  });
  return { project, ...config };
}

/** The program's own words for what is wrong with the settings. */
function checked<T>(load: () => T): T {
  try {
    return load();
  } catch (error) {
    if (pulumi.RunError.isInstance(error)) throw new UserError(error.message);
    throw error;
  }
}

/** The committed settings of a stack. Only `invite` and `new:model` write to them. */
export const stackFile = (stack: string) => join(checkoutRoot, `Pulumi.${stack}.yaml`);

/** The settings with every port decided, as the program will see them. */
export const settlePorts = (settings: Settings, facts: PortFacts): Settings =>
  withSettings(settings, choosePorts(settings.config, facts));

/** Settings changed by a command, as the engine will give them to the program and as the program will read them. */
export function withSettings(settings: Settings, changed: Partial<PlatformConfig>): Settings {
  const texts = Object.entries(changed).map(([key, value]) => [key, textOf(value)]);
  return {
    ...settings,
    config: { ...settings.config, ...changed },
    overrides: { ...settings.overrides, ...(Object.fromEntries(texts) as Record<string, string>) },
  };
}

/** @throws UserError that names the holder of each port that the stack cannot have, and the setting that helps. */
export function checkPorts({ config }: Settings, facts: PortFacts): void {
  const faults = portFaults(config, facts);
  if (faults.length === 0) return;
  throw new UserError(
    `ports of the cluster are taken; change the stack's settings, or give them for this run with --config KEY=VALUE\n  - ${faults.join("\n  - ")}`,
  );
}

/** What may be kept of a command line's values: those that are not secret. */
export const plainOverrides = ({ overrides }: Settings): Settings["overrides"] =>
  Object.fromEntries(Object.entries(overrides).filter(([key]) => secretSetting(key) === undefined));

/** The secret setting that a key names, with or without the project in front. */
export const secretSetting = (key: string) =>
  secretKeys.find((secret) => secret === key.split(":").at(-1));

function keyAndValue(text: string): [string, string] {
  const split = text.indexOf("=");
  if (split < 1) throw new UserError(`--config must be KEY=VALUE, not ${text}`);
  const [key, value] = [text.slice(0, split), text.slice(split + 1)];
  if (value.startsWith("@")) return [key, fileContent(key, value.slice(1))];
  if (secretSetting(key) !== undefined) {
    throw new UserError(
      `--config ${key} is secret, and every user of this machine can read arguments; give it as ${key}=@FILE, or ${key}=@- for standard input`,
    );
  }
  return [key, value];
}

/** The text of a file, or of standard input, without the line's end that editors put there. */
function fileContent(key: string, path: string): string {
  try {
    return readFileSync(path === "-" ? 0 : path, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    throw new UserError(`--config ${key}=@${path} cannot be read: ${messageOf(error)}`);
  }
}
