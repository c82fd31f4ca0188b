import { createInterface } from "node:readline/promises";
import { UserError } from "../local/support/errors.ts";

/** Ends a command whose user has decided against it, which is no error. */
export class Declined extends Error {
  override name = "Declined";
}

export const canAsk = () => process.stdin.isTTY === true;

/**
 * Asks for consent. Without a terminal it must have been given by an option.
 * @param nothing what has not happened without consent, such as `nothing was removed`
 * @param fix how to consent without a question
 */
export async function agree(question: string, nothing: string, fix: string): Promise<void> {
  if (!canAsk()) throw new UserError(`${nothing}; ${fix}`);
  if (/^y(es)?$/i.test(await ask(`${question} [y/N] `))) return;
  throw new Declined(nothing);
}

/** Asks for a line at the terminal; Ctrl-D is an empty one, and Ctrl-C ends the command. */
export async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new Promise<string>((resolve) => terminal.once("close", () => resolve("")));
  terminal.once("SIGINT", () => {
    process.stderr.write("\n");
    process.exit(130);
  });
  try {
    return (await Promise.race([terminal.question(question), closed])).trim();
  } finally {
    terminal.close();
  }
}
