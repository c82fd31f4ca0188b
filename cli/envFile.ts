import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../local/support/cache.ts";
import { UserError } from "../local/support/errors.ts";

/** What notebooks read. It holds a password. */
export const envFile = join(checkoutRoot, ".env");

const heading = "# Written by `npm run connect`; lines of your own are kept. Holds a password.";

const stackLine = "# Stack: ";
const namesLine = "# Its variables: ";

/**
 * Puts the stack's variables into the file in place of those of the stack that wrote it last, keeps all other lines, and
 * makes the file readable only by its owner.
 */
export function writeEnvFile(
  path: string,
  stack: string,
  variables: Readonly<Record<string, string>>,
): void {
  const lines = readText(path).split("\n");
  const listed = lines.find((line) => line.startsWith(namesLine))?.slice(namesLine.length);
  const earlier = new Set(listed?.split(" "));
  const others = lines.filter(
    (line) =>
      !line.startsWith(stackLine) &&
      !line.startsWith(namesLine) &&
      !earlier.has(variableIn(line) ?? ""),
  );
  const [first = "", ...rest] = withVariables(others.join("\n"), variables).split("\n");
  const names = namesLine + Object.keys(variables).join(" ");
  const content = [first, stackLine + stack, names, ...rest].join("\n");
  writeFileSync(`${path}.tmp`, content, { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}

/** Whether this stack was the last to write the file. */
export const isEnvFileOf = (path: string, stack: string): boolean =>
  readText(path)
    .split("\n")
    .includes(stackLine + stack);

/** Deletes the file where this stack was the last to write it, and says whether it was. */
export function removeEnvFile(path: string, stack: string): boolean {
  const isOurs = isEnvFileOf(path, stack);
  if (isOurs) rmSync(path, { force: true });
  return isOurs;
}

/** The text of an .env file with these variables set. */
export function withVariables(text: string, variables: Readonly<Record<string, string>>): string {
  const others = text.split("\n").filter((line) => {
    const name = variableIn(line);
    return line.trim() !== "" && line !== heading && !(name !== undefined && name in variables);
  });
  return [heading, ...envLines(variables), ...others, ""].join("\n");
}

/** The name of the variable that a line sets. */
const variableIn = (line: string): string | undefined =>
  /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=/.exec(line)?.[1];

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
