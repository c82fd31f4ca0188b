import { Command, type Option } from "commander";
import type { Options } from "./options.ts";
import { UserError } from "../local/support/errors.ts";

/** What one command does, and with which options; `Own` are those that no other command has. */
export interface CommandDefinition<Own extends object = object> {
  readonly options: readonly Option[];
  /** Words that are not options, as the help shows them. */
  readonly positionals?: string;
  /** Returns the exit code. */
  run(options: Options & Own, words: string[]): Promise<number>;
}

export interface CommandEntry {
  readonly summary: string;
  load(): Promise<CommandDefinition>;
}

/** Runs one command line and returns the exit code. Ends the process itself after help and after a wrong option. */
export async function runCommandLine(
  args: readonly string[],
  commands: Readonly<Record<string, CommandEntry>>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  const [asked = "help", ...words] = args;
  let code = 0;
  let known: readonly Option[] = [];
  const program = new Command("npm run")
    .usage("<command> [-- options]")
    .helpCommand(false)
    .addHelpText("after", "\nThe options of a command: npm run <command> -- --help");
  for (const [name, entry] of Object.entries(commands)) {
    const command = program.command(name).description(entry.summary).usage("[-- options]");
    if (name !== asked) continue;
    const definition = await entry.load();
    const { options, positionals } = definition;
    refuseSwallowed([name, ...words], options, env);
    if (positionals) command.usage(`[-- options] ${positionals}`).argument(positionals);
    for (const option of options) command.addOption(option);
    known = options;
    command.showHelpAfterError(`The options: npm run ${name} -- --help`).action(async () => {
      code = await definition.run(command.opts(), command.args);
    });
  }
  const forCommander = words.map((word) => withoutUnknownValue(word, known));
  await program.parseAsync([asked === "help" ? "--help" : asked, ...forCommander], {
    from: "user",
  });
  return code;
}

/** Commander names the option that is nearest to an unknown one, but not where a `=` and a value follow. */
function withoutUnknownValue(word: string, known: readonly Option[]): string {
  const [option] = /^--[^=]+(?==)/.exec(word) ?? [];
  return option === undefined || known.some(({ long }) => long === option) ? word : option;
}

/** Without `--` npm keeps options to itself, and the command would go on with its defaults. */
function refuseSwallowed(
  [name, ...words]: readonly string[],
  options: readonly Option[],
  env: NodeJS.ProcessEnv,
): void {
  if (env["npm_lifecycle_event"] !== name) return;
  for (const { long } of options) {
    const value = env[`npm_config_${long?.slice(2).replaceAll("-", "_")}`];
    // --yes is an option of npm's own too, which people set in the environment
    if (!value || long === "--yes") continue;
    const example = [value === "true" ? long : `${long}=${value}`, ...words].join(" ");
    throw new UserError(
      `npm kept ${long} to itself, because options of a command come after --; run \`npm run ${name} -- ${example}\``,
    );
  }
}
