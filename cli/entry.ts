import { commands } from "./commands/index.ts";
import { runCommandLine } from "./commandLine.ts";
import { Declined } from "./questions.ts";
import { keepCompiledCode } from "../local/support/cache.ts";
import { UserError } from "../local/support/errors.ts";
import { CommandError, exitAfterOutput } from "../local/support/process.ts";

const args = process.argv.slice(2);
// `down` may delete the cache, which would come back when this process ends
if (args[0] !== "down") keepCompiledCode();
// The Pulumi SDK keeps timers and sockets open, so the process is ended and does not end by itself.
try {
  await exitAfterOutput(await runCommandLine(args, commands));
} catch (error) {
  if (error instanceof Declined) {
    console.error(error.message);
    await exitAfterOutput(0);
  }
  const words = forUsers(error);
  console.error(words === undefined ? error : `error: ${words}`);
  await exitAfterOutput(1);
}

/** What the user can fix, unlike a fault of this program, whose stack helps to fix that. */
function forUsers(error: unknown): string | undefined {
  if (error instanceof UserError || error instanceof CommandError) return error.message;
  // the Automation API hides what the CLI has said in its report of the call
  const { commandResult } = error as { commandResult?: { stderr: string } };
  return commandResult?.stderr.trim();
}
