import { readDeployment } from "../deployment.ts";
import { chooseEngine, openEngine } from "../engineChoice.ts";
import { isInCluster } from "../platformEndpoints.ts";
import { readSettings } from "../stackSettings.ts";
import { UserError } from "../../local/support/errors.ts";
import type { Options } from "../commandLine.ts";

/** Prints what the last `up` gave out. */
export async function outputs({
  json = false,
  showSecrets = false,
  ...options
}: Options & { json?: boolean; showSecrets?: boolean }): Promise<number> {
  const settings = readSettings(options);
  const remembered = readDeployment(settings.stack)?.engine;
  const engine = await chooseEngine(options, settings, remembered, { mayInstall: false });
  const found = await openEngine(engine, settings, {}).outputs({ showSecrets });
  // what the stack does not have is null
  const entries = Object.entries(found).filter(([, value]) => value !== null);
  if (json) console.log(JSON.stringify(found, undefined, 2));
  else if (entries.length === 0) {
    throw new UserError(`the stack ${settings.stack} has no outputs yet; run \`npm run up\` first`);
  } else {
    const lines = table(entries);
    console.log(lines.join("\n"));
    if (lines.some(isInCluster)) console.error(inClusterSentence);
  }
  return 0;
}

const inClusterSentence =
  "URLs with cluster.local answer inside the cluster only; `npm run connect` makes localhost ones of them.";

/** One output a line; an object's members below it. */
export function table(entries: [string, unknown][]): string[] {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.flatMap(([name, value]) =>
    isMap(value) ? [name, ...members(value, "  ")] : [`${name.padEnd(width)}  ${String(value)}`],
  );
}

const members = (map: object, indent: string): string[] =>
  Object.entries(map).flatMap(([key, value]: [string, unknown]) =>
    isMap(value)
      ? [indent + key, ...members(value, `${indent}  `)]
      : [`${indent}${key}=${String(value)}`],
  );

const isMap = (value: unknown): value is object => typeof value === "object" && value !== null;
