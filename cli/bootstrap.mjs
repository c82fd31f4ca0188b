// Entry of every npm script. Depends on nothing and runs on any Node from 18 on: installs the packages when they are
// missing or out of date, then hands over to cli/entry.ts on the Node that is one of them.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleOf, withBundledPackages } from "./bundle/bundledPackages.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const lockFile = join(root, "package-lock.json");
const modules = join(root, "node_modules");
const stampFile = join(modules, ".mlops-lock-hash");
const binaries = join(modules, ".bin");
const neededNode = "22.18";

if (process.platform === "win32") {
  fail("Windows is not supported natively; install WSL 2 (`wsl --install`) and run this inside it");
}
const bundle = bundleOf(process.argv.slice(2));
if (!isInstalled()) await (bundle === undefined ? install([]) : installFrom(bundle));
handOver(nodeToUse());

/** Installed from the lock file as it is now, by this script or by the user's own `npm ci`. */
function isInstalled() {
  if (!existsSync(binaries)) return false;
  if (readText(stampFile) === lockHash()) return true;
  const byNpm = join(modules, ".package-lock.json");
  return existsSync(byNpm) && statSync(byNpm).mtimeMs >= statSync(lockFile).mtimeMs;
}

/** With the packages of a bundle the network is not needed. */
async function installFrom(bundle) {
  try {
    await withBundledPackages(bundle, (url, cache) =>
      install(["--registry", url, "--cache", cache]),
    );
  } catch (error) {
    fail(`cannot read the npm packages of the bundle ${bundle} (${error.message}); check the file`);
  }
}

async function install(words) {
  console.error("… Installing the packages of package-lock.json with `npm ci`");
  const started = Date.now();
  // the scripts of this project need nothing from the npm that may be running this file
  const npm = spawn("npm", ["ci", "--no-fund", "--no-audit", "--loglevel=error", ...words], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  const status = await new Promise((resolve) => {
    npm.on("error", ({ message }) =>
      fail(`npm cannot be run (${message}); install Node.js with npm and try again`),
    );
    npm.on("close", resolve);
  });
  if (status !== 0) {
    fail(
      bundle === undefined
        ? "`npm ci` failed, see above; it needs the npm registry, so check the connection (or `npm config get registry` and proxy) and try again"
        : `\`npm ci\` failed, see above, with the packages of ${bundle}; make the bundle from this very checkout, on the same kind of machine (${process.platform}-${process.arch}), and try again`,
    );
  }
  writeFileSync(stampFile, lockHash());
  console.error(`✓ Packages installed (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}

/** The Node of the lock file for this platform, or this very Node where there is none and it is new enough. */
function nodeToUse() {
  const packaged = join(binaries, "node");
  if (existsSync(packaged)) return packaged;
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [neededMajor, neededMinor] = neededNode.split(".").map(Number);
  if (major > neededMajor || (major === neededMajor && minor >= neededMinor))
    return process.execPath;
  fail(
    `Node ${neededNode} or newer is needed and this is ${process.versions.node}; run \`npm ci --include=optional\`, or install Node 22 where no package brings it (${process.platform}-${process.arch})`,
  );
}

/** Runs the command line, passes signals on to it and ends as it ends. */
function handOver(node) {
  const child = spawn(node, [join(root, "cli", "entry.ts"), ...process.argv.slice(2)], {
    stdio: "inherit",
    // programs started later (npx, the Pulumi language host) find this Node and the packages' commands first
    env: { ...process.env, PATH: [binaries, process.env.PATH].filter(Boolean).join(delimiter) },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    // a terminal sends Ctrl-C to the child as well
    process.on(signal, () => {
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on("error", (error) => fail(`${node} cannot be run (${error.message}); run \`npm ci\``));
  child.on("close", (code, signal) => {
    process.exitCode = signal ? 128 + (constants.signals[signal] ?? 0) : code;
  });
}

function lockHash() {
  return createHash("sha256").update(readFileSync(lockFile)).digest("hex");
}

function readText(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}
