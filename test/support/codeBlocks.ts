import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";

export interface CodeBlock {
  readonly page: string;
  readonly line: number;
  /** The word behind the fence. */
  readonly language: string;
  readonly code: string;
  /** Whether it stands between backticks in a sentence or a table. */
  readonly isInText: boolean;
}

const commandInText = /`((?:npm (?:run|test)|npx|pulumi|kubectl) [^`]+)`/g;

/** Every fenced block of every page of the checkout, and the commands in its sentences and tables. */
export const codeBlocks = (): CodeBlock[] =>
  execFileSync("git", ["ls-files", "-co", "--exclude-standard", "*.md"], { cwd: checkoutRoot })
    .toString()
    .trim()
    .split("\n")
    .flatMap((page) => blocksOf(page, readFileSync(join(checkoutRoot, page), "utf8")));

/** A command from a sentence or a table, with a word for each placeholder. */
const plain = (code: string) =>
  code.replaceAll(/\s+/g, " ").replaceAll("\\|", "|").replaceAll(/<\w+>/g, "NAME");

export function blocksOf(page: string, text: string): CodeBlock[] {
  const line = (index: number) => text.slice(0, index).split("\n").length;
  const fence = /^( *)```([^\n]*)\n([\s\S]*?)^\1```$/gm;
  const fenced = [...text.matchAll(fence)].map(({ index, 2: language, 3: code }) => ({
    ...{ page, line: line(index), language: language!, code: code!, isInText: false },
  }));
  const prose = text.replaceAll(fence, (block) => block.replaceAll(/[^\n]/g, " "));
  const inText = [...prose.matchAll(commandInText)].map(({ index, 1: code }) => ({
    ...{ page, line: line(index), language: "sh", code: plain(code!), isInText: true },
  }));
  return [...fenced, ...inText];
}
