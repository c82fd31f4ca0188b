import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { loadConfig, type PlatformConfig } from "../program/config.ts";
import { secretKeys } from "../program/settings.ts";
import * as engine from "../local/engine/index.ts";
import { type OptionSpec, type OptionValues, textOf, textsOf } from "./arguments.ts";
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

export const settingsOptions = {
  stack: {
    type: "string",
    value: "NAME",
    help: "Stack to work on, with settings in Pulumi.NAME.yaml. Default: dev",
  },
  config: {
    type: "string",
    multiple: true,
    value: "KEY=VALUE",
    help: "Setting for this run, which wins over the stack's file; KEY=@FILE reads it, KEY=@- from standard input",
  },
} satisfies Record<string, OptionSpec>;

/** Checks the whole configuration before anything is built or started. */
export function readSettings(values: OptionValues): Settings {
  const stack = textOf(values["stack"]) ?? "dev";
  if (!/^[A-Za-z0-9_.-]+$/.test(stack)) {
    throw new UserError(`--stack must be letters, digits, ".", "_" and "-", not ${stack}`);
  }
  const overrides = Object.fromEntries(textsOf(values["config"]).map(keyAndValue));
  const project = engine.loadProject(checkoutRoot);
  const merged = engine.loadConfig(project, stackFile(stack), overrides).values;
  const get = (key: string) => merged[`${project.name}:${key}`];
  // the program itself looks at how secrets are written down
  const source = { name: project.name, get, isSecret: () => true };
  const config = checked(() => loadConfig(source, Object.keys(merged)));
  return { stack, project: project.name, overrides, config };
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

/** The committed settings of a stack. Nothing here ever writes to them. */
export const stackFile = (stack: string) => join(checkoutRoot, `Pulumi.${stack}.yaml`);

function keyAndValue(text: string): [string, string] {
  const split = text.indexOf("=");
  if (split < 1) throw new UserError(`--config must be KEY=VALUE, not ${text}`);
  const [key, value] = [text.slice(0, split), text.slice(split + 1)];
  if (value.startsWith("@")) return [key, fileContent(key, value.slice(1))];
  if (secretKeys.some((secret) => secret === key.split(":").at(-1))) {
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
