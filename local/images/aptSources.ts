import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The Debian release our images are made of, whatever this machine runs. */
export const release = "bookworm";

const suites = new Set([release, `${release}-updates`, `${release}-security`]);

/** The lines by which this machine gets that release, so that its mirror is used; none where it gets another one. */
export function aptSources(folder = "/etc/apt"): string[] {
  const lines = sourceFiles(folder)
    .flatMap((path) => {
      const text = readFileSync(path, "utf8");
      return path.endsWith(".sources") ? paragraphLines(text) : listLines(text);
    })
    .filter((line) => line.startsWith("deb ") && suites.has(suiteOf(line)));
  return lines.some((line) => suiteOf(line) === release) ? [...new Set(lines)] : [];
}

function sourceFiles(folder: string): string[] {
  const list = (name: string, pattern: RegExp) => {
    try {
      return readdirSync(join(folder, name))
        .filter((file) => pattern.test(file))
        .sort()
        .map((file) => join(folder, name, file));
    } catch {
      return [];
    }
  };
  return [...list(".", /^sources\.list$/), ...list("sources.list.d", /\.(list|sources)$/)];
}

/** One-line style; options such as [signed-by=…] are dropped: mmdebstrap finds the key by itself. */
function listLines(text: string): string[] {
  return text
    .split("\n")
    .map((line) =>
      line
        .replace(/#.*/, "")
        .replace(/\[[^\]]*\]/, "")
        .trim()
        .replace(/\s+/g, " "),
    )
    .filter(Boolean);
}

/** deb822 style: paragraphs of `Key: value`. */
function paragraphLines(text: string): string[] {
  const withoutComments = text.replace(/^#.*\n?/gm, "");
  return withoutComments.split(/\n\s*\n/).flatMap((paragraph) => {
    const fields = new Map<string, string[]>();
    for (const [, key = "", value = ""] of paragraph.matchAll(/^([\w-]+):(.*(?:\n[ \t].*)*)/gm)) {
      fields.set(key.toLowerCase(), value.trim().split(/\s+/).filter(Boolean));
    }
    const get = (key: string) => fields.get(key) ?? [];
    if (get("enabled")[0]?.toLowerCase() === "no" || !get("types").includes("deb")) return [];
    return get("uris").flatMap((uri) =>
      get("suites").map((suite) => ["deb", uri, suite, ...get("components")].join(" ")),
    );
  });
}

const suiteOf = (line: string) => line.split(" ")[2] ?? "";
