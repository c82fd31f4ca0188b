import { join } from "node:path";
import { UserError } from "../support/errors.ts";
import { asMap, readYaml } from "../support/yamlFile.ts";

export interface Project {
  name: string;
  /** The program's entry file, relative to the project folder. */
  main: string;
  declared: Record<string, unknown>;
}

export interface Config {
  /** Values by qualified key, as the SDK wants them: text, or JSON for anything else. */
  values: Record<string, string>;
  secretKeys: string[];
}

export function loadProject(folder: string): Project {
  const path = join(folder, "Pulumi.yaml");
  const content = readYaml(path);
  if (typeof content["name"] !== "string")
    throw new UserError(`${path} has no name; add \`name: <project>\` to it`);
  return {
    name: content["name"],
    main: typeof content["main"] === "string" ? content["main"] : "index.ts",
    declared: asMap(content["config"]),
  };
}

export interface Reading {
  /** Keys of overrides that are secret. */
  secrets?: readonly string[];
  /** Stands for what is encrypted for the Pulumi CLI. Without it such a value is refused. */
  encryptedAs?: string;
}

/** Project defaults, then the stack file, then overrides (`key` or `namespace:key`). */
export function loadConfig(
  project: Project,
  stackFile: string,
  overrides: Record<string, string> = {},
  { secrets = [], encryptedAs }: Reading = {},
): Config {
  const config: Config = { values: {}, secretKeys: [] };
  const set = (key: string, value: unknown, isSecret = false) => {
    const qualified = key.includes(":") ? key : `${project.name}:${key}`;
    if (value === undefined || value === null) return;
    config.values[qualified] = typeof value === "string" ? value : JSON.stringify(value);
    if (isSecret && !config.secretKeys.includes(qualified)) config.secretKeys.push(qualified);
  };
  for (const [key, declaration] of Object.entries(project.declared)) {
    const fields = asMap(declaration);
    if (Object.keys(fields).length === 0) set(key, declaration);
    else set(key, fields["value"] ?? fields["default"], fields["secret"] === true);
  }
  const stackConfig = asMap(readYaml(stackFile)["config"]);
  for (const [key, value] of Object.entries(stackConfig)) {
    if (key in overrides || key.replace(`${project.name}:`, "") in overrides) continue;
    const [open, isEncrypted] = opened(value, encryptedAs ?? "");
    if (isEncrypted && encryptedAs === undefined) throw encrypted(key, stackFile);
    set(key, open, isEncrypted || isDeclaredSecret(project, key));
  }
  for (const [key, value] of Object.entries(overrides)) {
    const short = key.replace(`${project.name}:`, "");
    set(key, value, secrets.includes(short) || isDeclaredSecret(project, key));
  }
  return config;
}

/** A value with something in place of what is encrypted, and whether anything is. */
function opened(value: unknown, instead: string): [value: unknown, isEncrypted: boolean] {
  let isEncrypted = false;
  const text = JSON.stringify(value ?? null, (_, inner: unknown) => {
    if (typeof asMap(inner)["secure"] !== "string") return inner;
    isEncrypted = true;
    return instead;
  });
  return [isEncrypted ? JSON.parse(text) : value, isEncrypted];
}

function isDeclaredSecret(project: Project, key: string): boolean {
  const short = key.replace(`${project.name}:`, "");
  const declaration = project.declared[short] ?? project.declared[`${project.name}:${short}`];
  return asMap(declaration)["secret"] === true;
}

function encrypted(key: string, stackFile: string): UserError {
  const short = key.replace(/^[^:]*:/, "");
  return new UserError(
    `${key} in ${stackFile} is encrypted for the Pulumi CLI, which the built-in engine cannot read; pass --config ${short}=@<file>, or install the Pulumi CLI`,
  );
}
