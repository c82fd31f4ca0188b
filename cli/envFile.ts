import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../local/support/cache.ts";
import { UserError } from "../local/support/errors.ts";

/** What notebooks read. It holds a password. */
export const envFile = join(checkoutRoot, ".env");

const heading = "# Written by `npm run connect`; lines of your own are kept. Holds a password.";

const stackLine = "# Stack: ";

/** Puts the stack's variables into the file, keeps all other lines of it, and lets nobody but the owner read it. */
export function writeEnvFile(
  path: string,
  stack: string,
  variables: Readonly<Record<string, string>>,
): void {
  const others = readText(path)
    .split("\n")
    .filter((line) => !line.startsWith(stackLine));
  const content = withVariables(others.join("\n"), variables);
  const [first = "", ...rest] = content.split("\n");
  writeFileSync(`${path}.tmp`, [first, stackLine + stack, ...rest].join("\n"), { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}

/** Whether this stack was the last to write the file. */
export const isEnvFileOf = (path: string, stack: string): boolean =>
  readText(path)
    .split("\n")
    .includes(stackLine + stack);

/** Deletes the file where this stack was the last to write it. */
export function removeEnvFile(path: string, stack: string): void {
  if (isEnvFileOf(path, stack)) rmSync(path, { force: true });
}

/** The text of an .env file with these variables set. */
export function withVariables(text: string, variables: Readonly<Record<string, string>>): string {
  const others = text.split("\n").filter((line) => {
    const name = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=/.exec(line)?.[1];
    return line.trim() !== "" && line !== heading && !(name !== undefined && name in variables);
  });
  return [heading, ...envLines(variables), ...others, ""].join("\n");
}

/** Variables as lines that shells and python-dotenv read. */
export const envLines = (variables: Readonly<Record<string, string>>): string[] =>
  Object.entries(variables).map(([name, value]) => `${name}=${quoted(name, value)}`);

/**
 * The variables that the stack gives notebooks, with the URLs by which this machine reaches the endpoints and the model
 * servers. MODEL_SERVERS has the latter, by model.
 */
export function notebookVariables(
  outputs: Readonly<Record<string, unknown>>,
  urls: Readonly<Record<string, string>>,
  modelServers: Readonly<Record<string, string>>,
): Record<string, string> {
  const given = outputs["notebookEnv"];
  if (typeof given !== "object" || given === null) {
    throw new UserError("the stack has no output notebookEnv; run `npm run up` first");
  }
  const [first = ""] = Object.values(modelServers);
  return {
    ...(given as Record<string, string>),
    ...urls,
    MODEL_SERVING_URL: first,
    MODEL_SERVERS: JSON.stringify(modelServers).replaceAll("'", "\\u0027"),
  };
}

/** Single quotes keep every character as it is, for shells and for python-dotenv alike. */
function quoted(name: string, value: string): string {
  if (/^[A-Za-z0-9_./:@-]*$/.test(value)) return value;
  if (/['\n\r]/.test(value)) {
    throw new UserError(`${name} holds a quote or a line break, which .env cannot; choose another`);
  }
  return `'${value}'`;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
