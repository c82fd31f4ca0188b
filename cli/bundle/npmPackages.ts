import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { UserError } from "../../local/support/errors.ts";
import { run } from "../../local/support/process.ts";
import { reported } from "../../local/support/progress.ts";

/** Copies what `npm ci` needs on a machine like this one, out of npm's cache; returns the hash of each file. */
export function gatherPackages(folder: string, checkout: string): Promise<Record<string, string>> {
  return reported("Gathering the npm packages", async () => {
    const cache = (await run("npm", ["config", "get", "cache"], { cwd: checkout })).trim();
    const contentOf = (integrity: string) => {
      const [algorithm = "", base64 = ""] = integrity.split("-");
      const hex = Buffer.from(base64, "base64").toString("hex");
      const parts = [algorithm, hex.slice(0, 2), hex.slice(2, 4), hex.slice(4)];
      return join(cache, "_cacache", "content-v2", ...parts);
    };
    const wanted = (await lockedPackages(checkout)).filter(runsHere);
    const missing = () => wanted.find(({ integrity }) => !existsSync(contentOf(integrity)));
    if (missing()) await fetchAll(checkout);
    const lacking = missing();
    if (lacking) {
      throw new UserError(
        `npm's cache ${cache} has no ${lacking.name} ${lacking.version}; run \`npm ci\` and try again`,
      );
    }
    const packages: Record<string, string> = {};
    const index: Record<string, Record<string, object>> = {};
    for (const one of wanted) {
      const content = await readFile(contentOf(one.integrity));
      if (`sha512-${createHash("sha512").update(content).digest("base64")}` !== one.integrity) {
        throw new UserError(
          `npm's cache ${cache} is damaged at ${one.name}; run \`npm cache verify\` and try again`,
        );
      }
      const file = `npm/${one.name}/${one.version}.tgz`;
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), content);
      packages[file] = one.integrity;
      (index[one.name] ??= {})[one.version] = { ...one, file };
    }
    // what cli/bundle/bundledPackages.mjs answers npm with
    await writeFile(join(folder, "npm", "index.json"), JSON.stringify(index));
    return packages;
  });
}

/** Installs everything into a folder that is thrown away, which fills npm's cache. */
async function fetchAll(checkout: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "mlops-packages-"));
  try {
    const { workspaces = [] } = JSON.parse(
      await readFile(join(checkout, "package.json"), "utf8"),
    ) as { workspaces?: string[] };
    const files = ["", ...workspaces].map((path) => join(path, "package.json"));
    for (const file of ["package-lock.json", ...files]) {
      await cp(join(checkout, file), join(folder, file));
    }
    await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Locked {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
  readonly os?: string | readonly string[];
  readonly cpu?: string | readonly string[];
  readonly libc?: string | readonly string[];
}

/** Every package of the lock file that comes from a registry. */
async function lockedPackages(checkout: string): Promise<Locked[]> {
  const { packages } = JSON.parse(await readFile(join(checkout, "package-lock.json"), "utf8")) as {
    packages: Record<string, Locked>;
  };
  return Object.entries(packages)
    .filter(([, { integrity }]) => integrity !== undefined)
    .map(([path, one]) => ({ ...one, name: path.split("node_modules/").at(-1)! }));
}

/** Whether npm installs a package on this machine. */
function runsHere({ os, cpu, libc }: Locked): boolean {
  const { glibcVersionRuntime } = (
    process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } }
  ).header;
  return (
    fits(os, process.platform) &&
    fits(cpu, process.arch) &&
    fits(libc, glibcVersionRuntime === undefined ? "musl" : "glibc")
  );
}

function fits(allowed: string | readonly string[] | undefined, here: string): boolean {
  const words = [allowed ?? []].flat();
  const refused = words.filter((word) => word.startsWith("!"));
  return refused.length > 0
    ? !refused.includes(`!${here}`)
    : words.length === 0 || words.includes(here);
}
