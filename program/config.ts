import * as pulumi from "@pulumi/pulumi";
import { configKeys, type PlatformConfig, readers, secretKeys } from "./settings.ts";
import { Fault } from "./readers.ts";
import { contradictions } from "./contradictions.ts";

export { configKeys, type PlatformConfig } from "./settings.ts";

/** Where the settings come from: a stack's configuration, by unqualified key. */
export interface ConfigSource {
  readonly name: string;
  get(key: string): string | undefined;
}

/**
 * Reads and checks the whole configuration of the stack.
 * @throws pulumi.RunError that names every fault at once, before anything is registered.
 */
export function loadConfig(
  source: ConfigSource = new pulumi.Config(),
  given: readonly string[] = Object.keys(pulumi.runtime.allConfig()),
): PlatformConfig {
  const faults: string[] = [];
  const faulty: string[] = [];
  const values: { [key: string]: unknown } = {};
  for (const key of configKeys) {
    const written = source.get(key);
    const value = readers[key](written);
    const instead = secretKeys.includes(key) ? "" : `, not \`${written}\``;
    if (value instanceof Fault) {
      faulty.push(key);
      faults.push(`${key} must ${value.rule}${instead}`);
    } else values[key] = value;
  }
  const config = Object.freeze(values) as unknown as PlatformConfig;
  // what is wrong by itself would be called missing as well
  const further = contradictions(config).filter(
    (sentence) => !faulty.some((key) => sentence.includes(key)),
  );
  faults.push(...unknownKeys(source.name, given), ...further);
  if (faults.length > 0) {
    const fix =
      "mend the stack's settings with `pulumi config set KEY VALUE` or in its Pulumi.<stack>.yaml";
    throw new pulumi.RunError(`the configuration is wrong; ${fix}:\n  - ${faults.join("\n  - ")}`);
  }
  return config;
}

function unknownKeys(project: string, given: readonly string[]): string[] {
  return given
    .filter((key) => key.startsWith(`${project}:`))
    .map((key) => key.slice(project.length + 1))
    .filter((key) => !(configKeys as string[]).includes(key))
    .map((key) => `${key} is not a setting; the settings are ${configKeys.join(", ")}`);
}
