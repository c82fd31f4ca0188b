import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { UserError } from "./errors.ts";
import { CommandError, run, which } from "./process.ts";
import { sparingly } from "./progress.ts";

export interface GoBuild {
  /** Folder of the go.mod. */
  cwd: string;
  /** The package to build, as a path or an import path. */
  target: string;
  /** Path of the program. */
  output: string;
  linkerFlags?: string;
  tags?: readonly string[];
  onProgress?: (detail: string) => void;
  /** The error message for a full disk. */
  diskFull: string;
  /** Ends the build early. */
  signal?: AbortSignal;
}

/** Without garbage collection the compiler takes a third less time and up to 3 GiB, and one runs on each core. */
const uncollected = { GOGC: "off", GOMEMLIMIT: "3GiB" };
const hasRoom = () => totalmem() / availableParallelism() >= 3 * 2 ** 30;

/** Builds one program from a Go module, with the proxies and flags that this machine's Go is set up with. */
export async function goBuild(build: GoBuild): Promise<void> {
  const { cwd, target, output, linkerFlags = "", tags = [], signal } = build;
  const report = sparingly(build.onProgress ?? (() => {}));
  let packages = 0;
  // debugging information costs an eighth of the time, and -s discards it
  const lean = ["-trimpath", "-gcflags=all=-dwarf=false", "-ldflags", `-s -w${linkerFlags}`];
  const chosen = tags.length > 0 ? ["-tags", tags.join(",")] : [];
  const env = {
    ...process.env,
    ...(hasRoom() && uncollected),
    // without cgo the result is the same on every machine, and no C compiler is needed
    CGO_ENABLED: "0",
    GOWORK: "off",
  };
  const onLine = (line: string) =>
    report(line.startsWith("go: downloading") ? line.slice(4) : `${++packages} packages compiled`);
  try {
    await run("go", ["build", "-v", ...lean, ...chosen, "-o", output, target], {
      cwd,
      env,
      onLine,
      signal,
    });
  } catch (error) {
    if (error instanceof CommandError && /no space left on device/i.test(error.output))
      throw new UserError(build.diskFull);
    throw error;
  }
}

/**
 * Builds a program unless it is there: the folder of `output` is named after what it is built from, or the file is.
 * `sentence` makes the error message for a Go that is missing or too old.
 */
export async function goBuildOnce(
  { output, ...build }: GoBuild,
  sentence: (found: string) => string,
): Promise<void> {
  if (existsSync(output)) return;
  await requireGo(sentence);
  await mkdir(dirname(output), { recursive: true });
  // several processes may build at once: the last one replaces an equal program
  const draft = `${output}.${process.pid}`;
  try {
    await goBuild({ output: draft, ...build });
    await rename(draft, output);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Names what is built by what it is built from: sixteen hex digits that depend on the files' contents. */
export async function contentKey(folder: string, files: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const file of files) {
    const content = await readFile(join(folder, file));
    hash.update(`${file} ${content.length}\n`).update(content);
  }
  return hash.digest("hex").slice(0, 16);
}

/**
 * Checks for a Go to build with: 1.21 or newer downloads the version that go.mod requires.
 * `sentence` makes the error message from what was found instead.
 */
export async function requireGo(sentence: (found: string) => string): Promise<void> {
  const version = which("go") ? await run("go", ["env", "GOVERSION"]) : "";
  const [, major = 0, minor = 0] = (/^go(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  if (major > 1 || minor >= 21) return;
  throw new UserError(sentence(version ? `only ${version.trim()} is` : "no Go is"));
}
