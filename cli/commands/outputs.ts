import { readDeployment } from "../deployment.ts";
import { chooseEngine, openEngine } from "../engineChoice.ts";
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
  } else console.log(table(entries));
  return 0;
}

/** One output a line; an object's members below it. */
function table(entries: [string, unknown][]): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries
    .flatMap(([name, value]) =>
      typeof value === "object" && value !== null
        ? [name, ...Object.entries(value).map(([key, member]) => `  ${key}=${String(member)}`)]
        : [`${name.padEnd(width)}  ${String(value)}`],
    )
    .join("\n");
}
