import { Command, type Option } from "commander";
import type { EngineName } from "./engine.ts";
import { UserError } from "../local/support/errors.ts";

/** Options that several commands have, as they are read. */
export interface Options {
  readonly stack?: string;
  readonly config?: readonly string[];
  readonly context?: string;
  readonly localCluster?: boolean;
  readonly engine?: EngineName;
  readonly except?: readonly string[];
  readonly yes?: boolean;
}

/** What one command does, and with which options. */
export interface CommandEntry {
  readonly summary: string;
  readonly options: readonly Option[];
  /** Words that are not options, as the help shows them. */
  readonly positionals?: string;
  /** Loads what runs the command with its own kind of options, and returns an exit code. */
  readonly load: () => Promise<(options: never, positionals: string[]) => Promise<number>>;
}

/** Runs one command line and returns the exit code. Ends the process itself after help and after a wrong option. */
export async function runCommandLine(
  args: readonly string[],
  commands: Readonly<Record<string, CommandEntry>>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  const [asked = "--help", ...words] = args[0] === "help" ? [] : args;
  const known = commands[asked]?.options ?? [];
  refuseSwallowed([asked, ...words], known, env);
  let code = 0;
  const program = new Command("npm run")
    .usage("<command> [-- options]")
    .helpCommand(false)
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .addHelpText("after", "\nThe options of a command: npm run <command> -- --help");
  for (const [name, { summary, options, positionals, load }] of Object.entries(commands)) {
    const command = program
      .command(name)
      .description(summary)
      .usage(`[-- options] ${positionals ?? ""}`.trim())
      .showHelpAfterError(`The options: npm run ${name} -- --help`)
      .action(async () => {
        const run = await load();
        code = await run(command.opts<never>(), command.args);
      });
    if (positionals !== undefined) command.argument(positionals);
    for (const option of options) command.addOption(option);
  }
  const readable = words.map((word) => withoutUnknownValue(word, known));
  await program.parseAsync([asked, ...readable], { from: "user" });
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
