import { UserError, messageOf } from "../local/support/errors.ts";

export interface OptionSpec {
  type: "string" | "boolean";
  short?: string;
  multiple?: boolean;
  /** How the value is called in the help; only for options of type string. */
  value?: string;
  /** One line of help. */
  help: string;
}

export type OptionValue = string | boolean | (string | boolean)[] | undefined;
export type OptionValues = Record<string, OptionValue>;

export interface Command {
  options: Record<string, OptionSpec>;
  /** Whether words that are not options may follow. */
  positionals?: boolean;
  /** How such words are called in the help. */
  positionalsHelp?: string;
  run(values: OptionValues, positionals: string[]): Promise<number>;
}

export interface CommandEntry {
  summary: string;
  load(): Promise<Command>;
}

export const textOf = (value: OptionValue): string | undefined =>
  typeof value === "string" ? value : undefined;

export const textsOf = (value: OptionValue): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];

export function generalHelp(commands: Record<string, CommandEntry>): string {
  const names = Object.keys(commands);
  const width = Math.max(...names.map((name) => name.length));
  return [
    "Usage: npm run <command> [-- options]",
    "",
    ...names.map((name) => `  ${name.padEnd(width)}  ${commands[name]!.summary}`),
    "",
    "The options of a command: npm run <command> -- --help",
  ].join("\n");
}

export function commandHelp(name: string, summary: string, command: Command): string {
  const rows = Object.entries(command.options).map(([option, spec]) => {
    const short = spec.short ? `-${spec.short}, ` : "";
    const value = spec.type === "string" ? ` ${spec.value ?? "VALUE"}` : "";
    return [`${short}--${option}${value}`, spec.help] as const;
  });
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  const words = command.positionalsHelp ? ` ${command.positionalsHelp}` : "";
  return [
    `${summary}.`,
    "",
    `Usage: npm run ${name} [-- options${words}]`,
    ...(rows.length > 0 ? [""] : []),
    ...rows.map(([left, help]) => `  ${left.padEnd(width)}  ${help}`),
  ].join("\n");
}

/** The one sentence for a command line that parseArgs refused. */
export function argumentError(name: string, error: unknown, command: Command): Error {
  const options = Object.keys(command.options).map((option) => `--${option}`);
  const known = options.length > 0 ? `its options are ${options.join(", ")}` : "it has none";
  const message = messageOf(error);
  const quoted = /'([^']+)'/.exec(message)?.[1] ?? "";
  switch ((error as NodeJS.ErrnoException).code) {
    case "ERR_PARSE_ARGS_UNKNOWN_OPTION":
      return new UserError(`${quoted} is not an option of ${name}; ${known}`);
    case "ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL":
      return new UserError(`${name} takes no word like \`${quoted}\`; ${known}`);
    case "ERR_PARSE_ARGS_INVALID_OPTION_VALUE": {
      const option = quoted.split(/[ ,]/).find((word) => word.startsWith("--")) ?? quoted;
      const takesValue = command.options[option.replace(/^--/, "")]?.type === "string";
      return new UserError(
        takesValue ? `${option} needs a value: ${option}=VALUE` : `${option} takes no value`,
      );
    }
    default:
      return error instanceof Error ? error : new Error(message);
  }
}
