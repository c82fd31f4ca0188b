import { createInterface } from "node:readline/promises";

export const canAsk = () => process.stdin.isTTY === true;

/** Asks yes or no; without a terminal the answer is no. */
export async function confirm(question: string): Promise<boolean> {
  return /^y(es)?$/i.test((await ask(`${question} [y/N] `)).trim());
}

/** Asks for a line; without a terminal it is empty. */
export async function ask(question: string): Promise<string> {
  if (!canAsk()) return "";
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}
