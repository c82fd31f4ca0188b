import { parseArgs } from "node:util";
import { commands } from "./commands/index.ts";
import { argumentError, commandHelp, generalHelp } from "./arguments.ts";
import { keepCompiledCode } from "../local/support/cache.ts";
import { UserError, messageOf } from "../local/support/errors.ts";
import { CommandError } from "../local/support/process.ts";

/** Runs one command line and returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    console.log(generalHelp(commands));
    return 0;
  }
  const found = commands[name];
  if (!found) {
    throw new UserError(
      `${name} is not a command; the commands are ${Object.keys(commands).join(", ")}`,
    );
  }
  // `down` may delete the cache, which would come back when this process ends
  if (name !== "down") keepCompiledCode();
  const command = await found.load();
  const options = { ...command.options, help: { type: "boolean", short: "h", help: "" } as const };
  let parsed;
  try {
    parsed = parseArgs({ args: rest, options, allowPositionals: command.positionals === true });
  } catch (error) {
    throw argumentError(name, error, command);
  }
  if (parsed.values.help === true) {
    console.log(commandHelp(name, found.summary, command));
    return 0;
  }
  return await command.run(parsed.values, parsed.positionals);
}

// The Pulumi SDK keeps timers and sockets open, so the end is said and not waited for.
try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  if (isForUsers(error)) console.error(`error: ${messageOf(error)}`);
  else console.error(error);
  process.exit(1);
}

/** What the user can mend, as against a fault of this program, whose stack helps to mend that. */
function isForUsers(error: unknown): boolean {
  return error instanceof UserError || error instanceof CommandError;
}
