import { readDeployment } from "../deployment.ts";
import { chooseEngine, engineOption, openEngine } from "../engines.ts";
import { readSettings, settingsOptions } from "../stackSettings.ts";
import type { Command } from "../arguments.ts";
import { UserError } from "../../local/support/errors.ts";

/** Prints what the last `up` gave out. */
export const outputs: Command = {
  options: {
    stack: settingsOptions.stack,
    ...engineOption,
    json: { type: "boolean", help: "Print JSON" },
    "show-secrets": { type: "boolean", help: "Print passwords in clear" },
  },
  async run(values) {
    const settings = readSettings(values);
    const engine = chooseEngine(values, readDeployment(settings.stack)?.engine);
    const found = await openEngine(engine, settings, {}).outputs({
      showSecrets: values["show-secrets"] === true,
    });
    // what the stack does not have is null
    const entries = Object.entries(found).filter(([, value]) => value !== null);
    if (values["json"] === true) console.log(JSON.stringify(found, undefined, 2));
    else if (entries.length === 0) {
      throw new UserError(
        `the stack ${settings.stack} has no outputs yet; run \`npm run up\` first`,
      );
    } else console.log(table(entries));
    return 0;
  },
};

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
