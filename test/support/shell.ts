import { spawnSync } from "node:child_process";

/** A simple command: its words without quotes, and whether standard input comes from elsewhere. */
export interface Command {
  readonly words: readonly string[];
  readonly hasInput: boolean;
}

/** What is typed in a recording of a terminal: the lines behind a prompt, with those that continue them. */
function typed(recording: string): string {
  let isOpen = false;
  return recording
    .split("\n")
    .map((line) => {
      const [, command = isOpen ? line : undefined] = /^[$#] (.*)/.exec(line) ?? [];
      isOpen = /(\\|\||\bdo)$/.test(command ?? "");
      return command ?? "";
    })
    .join("\n");
}

export const scriptOf = (language: string, code: string): string =>
  language === "console" ? typed(code) : code;

/** What a shell says about a script that it only reads; nothing when all is well. */
export const syntaxFaults = (script: string): string[] =>
  spawnSync("bash", ["-n"], { input: script, encoding: "utf8" })
    .stderr.trim()
    .split("\n")
    .filter(Boolean);

const token =
  /"((?:[^"\\]|\\.)*)"|'([^']*)'|(\$\([^()]*\))|(\|\||&&|>>|[;&|<>()\n])|(#[^\n]*)|([ \t]+)|((?:[^\s"'$;&|<>()\\]|\\.|\$(?!\())+)/g;
const reserved = ["for", "in", "do", "done", "while", "if", "then", "else", "fi", "!"];

/** The simple commands of a script, those inside `$(…)` included. */
export function commandsOf(script: string): Command[] {
  const commands: { words: string[]; hasInput: boolean }[] = [{ words: [], hasInput: false }];
  let isJoined = false;
  let isTarget = false;
  const inner: string[] = [];
  const word = (text: string) => {
    const { words } = commands.at(-1)!;
    if (isTarget) isTarget = false;
    else if (isJoined) words.push((words.pop() ?? "") + text);
    else if (words.length > 0 || !(reserved.includes(text) || /^[A-Z_]+=/.test(text)))
      words.push(text);
    isJoined = true;
  };
  const unfolded = script.replaceAll(/\\\n\s*/g, " ");
  for (const [, double, single, nested, operator, comment, space, plain] of unfolded.matchAll(
    token,
  )) {
    inner.push(...[...(double ?? "").matchAll(/\$\(([^()]*)\)/g)].map(([, text]) => text!));
    if (nested !== undefined) inner.push(nested.slice(2, -1));
    if (operator === "<") commands.at(-1)!.hasInput = true;
    if (operator !== undefined && /[<>]/.test(operator)) isTarget = true;
    else if (operator !== undefined) commands.push({ words: [], hasInput: operator === "|" });
    if (operator ?? comment ?? space) isJoined = false;
    else word(double ?? single ?? nested ?? plain!);
  }
  return [...commands.filter(({ words }) => words.length > 0), ...inner.flatMap(commandsOf)];
}
