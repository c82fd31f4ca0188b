import { stripVTControlCharacters } from "node:util";

const fromPath = /warning: using pulumi-resource-\S+ from \$PATH/;
const otherVersion =
  /warning: resource plugin (\S+) is expected to have version >=([\d.]+), but has ([\d.]+)/;
/** What stands above warnings of the CLI, and says nothing without them. */
const heading = /^Diagnostics:$|^ {2}\S.* \(.*\):$/;

/**
 * Passes on what the Pulumi CLI prints, but for its warnings about providers on PATH, which it repeats a dozen times.
 * `end` says once which of them have another version than this program was written for.
 */
export function withoutVersionWarnings(print: (text: string) => void): {
  readonly write: (text: string) => void;
  readonly end: () => string | undefined;
} {
  const found = new Map<string, string>();
  let headings = "";
  let begun = "";
  const line = (text: string) => {
    const plain = stripVTControlCharacters(text);
    const [, name, expected, actual] = otherVersion.exec(plain) ?? [];
    if (name !== undefined) found.set(name, `${name} ${actual} (${expected} is expected)`);
    if (name !== undefined || fromPath.test(plain)) return;
    if (heading.test(plain)) {
      headings += `${text}\n`;
    } else {
      if (headings === "" || plain !== "") print(`${headings}${text}\n`);
      headings = "";
    }
  };
  return {
    write: (text) => {
      const lines = (begun + text).split("\n");
      begun = lines.pop()!;
      lines.forEach(line);
      // progress is a line of dots that grows
      if (stripVTControlCharacters(begun).startsWith("@")) {
        print(begun);
        begun = "";
      }
    },
    end: () => {
      if (begun !== "") print(begun);
      if (found.size === 0) return undefined;
      const versions = [...found.values()].sort().join(", ");
      return `Providers on PATH have other versions than this program's: ${versions}. Remove them from PATH, and the CLI downloads its own.`;
    },
  };
}
