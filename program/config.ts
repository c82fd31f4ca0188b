import { fileURLToPath } from "node:url";
import * as pulumi from "@pulumi/pulumi";
import { nearest } from "../components/core/nearest.ts";
import { contradictions } from "./contradictions.ts";
import { inOrderOfFile } from "./modelSettings.ts";
import { isRetired, retiredFault } from "./retiredSettings.ts";
import { Fault, textOf } from "./setting.ts";
import {
  configKeys,
  type PlatformConfig,
  secretKeys,
  type SettingKey,
  settingOf,
} from "./settings.ts";

export { configKeys, type PlatformConfig } from "./settings.ts";

/** Where the settings come from: a stack's configuration, by unqualified key. */
export interface ConfigSource {
  readonly name: string;
  get(key: string): string | undefined;
  /** Whether a value was encrypted where it was written down. */
  isSecret(key: string): boolean;
}

// the SDK exports it without declaring it
const { isConfigSecret } = pulumi.runtime as unknown as {
  isConfigSecret(this: void, key: string): boolean;
};

/** The configuration of the stack that the program runs for. */
function stackConfig(): ConfigSource {
  const config = new pulumi.Config();
  const file = fileURLToPath(new URL(`../Pulumi.${pulumi.getStack()}.yaml`, import.meta.url));
  return {
    name: config.name,
    get: (key) => (key === "models" ? inOrderOfFile(config.get(key), file) : config.get(key)),
    isSecret: (key) => isConfigSecret(`${config.name}:${key}`),
  };
}

/**
 * Reads and checks the whole configuration of the stack.
 * @throws pulumi.RunError that names every fault at once, before anything is registered.
 */
export function loadConfig(
  source: ConfigSource = stackConfig(),
  given: readonly string[] = Object.keys(pulumi.runtime.allConfig()),
): PlatformConfig {
  const faults: string[] = [];
  const faulty: SettingKey[] = [];
  const values: { [key: string]: unknown } = {};
  for (const key of configKeys) {
    const { default: otherwise, read } = settingOf(key);
    const written = source.get(key) ?? textOf(otherwise);
    const value = read(written);
    if (value instanceof Fault) {
      values[key] = read(textOf(otherwise));
      faulty.push(key);
      faults.push(
        `${key} must ${value.rule}${settingOf(key).isSecret ? "" : `, not \`${written}\``}`,
      );
    } else values[key] = value;
  }
  const config = Object.freeze(values) as unknown as PlatformConfig;
  // what is wrong by itself would be called missing as well
  const further = contradictions(config).filter(
    (sentence) => !faulty.some((key) => sentence.includes(key)),
  );
  const own = given
    .filter((key) => key.startsWith(`${source.name}:`))
    .map((key) => key.slice(source.name.length + 1));
  faults.push(
    ...unknownKeys(own),
    ...retiredFault(source.name, own, (key) => source.get(key)),
    ...openSecrets(source, config),
    ...further,
  );
  if (faults.length > 0) {
    const fix =
      "fix the stack's settings with `pulumi config set KEY VALUE` or in its Pulumi.<stack>.yaml";
    throw new pulumi.RunError(`invalid configuration; ${fix}:\n  - ${faults.join("\n  - ")}`);
  }
  return config;
}

function unknownKeys(given: readonly string[]): string[] {
  return given
    .filter((key) => !(configKeys as string[]).includes(key) && !isRetired(key))
    .map((key) => `${key} is not a setting; did you mean ${meant(key)}?`);
}

/** The settings whose names contain the word, or the one that is spelt most like it. */
function meant(word: string): string {
  const containing = configKeys.filter((key) => key.toLowerCase().includes(word.toLowerCase()));
  return containing.join(", ").replace(/, (\w+)$/, " or $1") || nearest(word, configKeys);
}

/** Secrets that are not encrypted in the stack's settings. */
function openSecrets(source: ConfigSource, config: PlatformConfig): string[] {
  return secretKeys
    .filter((key) => config[key] !== undefined && !source.isSecret(key))
    .map((key) => `${key} is in plain text; encrypt it with \`pulumi config set --secret\``);
}
