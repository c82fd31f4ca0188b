import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { parse } from "yaml";
import { checkoutRoot } from "../../local/support/cache.ts";
import { run } from "../../local/support/process.ts";

const read = (path: string) => readFileSync(join(checkoutRoot, path), "utf8");

/** Every file of this name in the checkout; examples are for others to lock. */
async function files(...patterns: string[]): Promise<string[]> {
  const words = ["ls-files", "-co", "--exclude-standard", ...patterns, ":!examples"];
  const listed = await run("git", words, { cwd: checkoutRoot });
  return listed.trim().split("\n").sort();
}
const folders = async (pattern: string) =>
  [...new Set((await files(pattern)).map((file) => `/${dirname(file)}`.replace("/.", "/")))].sort();

interface Update {
  "package-ecosystem": string;
  directory?: string;
  directories?: string[];
  schedule: { interval: string };
}
const { updates } = parse(read(".github/dependabot.yml")) as { updates: Update[] };
const updated = (ecosystem: string) =>
  updates
    .filter((update) => update["package-ecosystem"] === ecosystem)
    .flatMap(({ directory, directories = [] }) => [
      ...(directory ? [directory] : []),
      ...directories,
    ])
    .sort();

// SECURITY.md: They are searched for known vulnerabilities every night, updates come as pull
// requests every week, and `npm run sbom` lists them.
test("every lock file of the checkout is kept up to date", async () => {
  expect(updated("npm")).toEqual(await folders("*package-lock.json"));
  expect(updated("pip")).toEqual(await folders("*requirements*.txt"));
  expect(updated("gomod")).toEqual(await folders("*go.mod"));
  expect(updated("docker")).toEqual(await folders("*Dockerfile"));
  expect(updated("github-actions")).toEqual(["/"]);
  expect(new Set(updates.map(({ schedule }) => schedule.interval))).toEqual(new Set(["weekly"]));
});

// SECURITY.md: Every npm package, Node itself, every Python package of an image and every Go module
// is locked by a hash, and every base and login image by a digest.
test("every Python package of an image is locked by its content, which pip asks for", async () => {
  const images = (await files("*Dockerfile")).filter((file) => read(file).includes("pip install"));
  expect(images).toHaveLength(5);
  for (const file of images) {
    expect(read(file)).toMatch(/pip install .*--require-hashes -r \S*requirements\.txt/);
  }
  for (const lock of await files("*requirements.txt")) {
    const packages = read(lock).split(/^(?=[a-z])/im);
    expect(packages.slice(1).filter((text) => !text.includes("--hash=sha256:"))).toEqual([]);
  }
});

// SECURITY.md: Every npm package, Node itself, every Python package of an image and every Go module
// is locked by a hash, and every base and login image by a digest.
test("every Go module is locked by its content", async () => {
  for (const file of await files("*go.mod")) {
    const [text, sums] = [read(file), read(file.replace(/mod$/, "sum"))];
    const replaced = new Map([...text.matchAll(/(\S+) => (\S+ v\S+)/g)].map(([, a, b]) => [a, b]));
    const modules = [...text.matchAll(/^(?:require )?\s*([\w.-]+\.\w+\/\S+) (v\S+)/gm)]
      .map(([, name, version]) => replaced.get(name) ?? `${name} ${version}`)
      .filter((module) => !sums.includes(`${module}/go.mod h1:`));
    expect([file, modules]).toEqual([file, []]);
  }
});

// SECURITY.md: They are searched for known vulnerabilities every night, updates come as pull
// requests every week, and `npm run sbom` lists them.
test("every lock file of what is deployed or run here is searched for known vulnerabilities", async () => {
  const { jobs, on } = parse(read(".github/workflows/audit.yml")) as {
    on: { schedule: { cron: string }[] };
    jobs: Record<string, { strategy?: { matrix: Record<string, string[]> } }>;
  };
  expect(jobs["pip"]!.strategy!.matrix["requirements"]).toEqual(await files("*requirements*.txt"));
  const modules = (await files("local/*go.mod")).map((file) => dirname(file)).sort();
  expect(jobs["go"]!.strategy!.matrix["module"]).toEqual(modules);
  expect(Object.keys(jobs)).toContain("npm");
  expect(on.schedule.map(({ cron }) => cron)).toEqual([
    expect.stringMatching(/^\d+ \d+ \* \* \*$/),
  ]);
});

// SECURITY.md: They are searched for known vulnerabilities every night, updates come as pull
// requests every week, and `npm run sbom` lists them.
test("`npm run sbom` lists the packages of npm and of each Python part", () => {
  const folder = mkdtempSync(join(tmpdir(), "mlops-sbom-"));
  try {
    // in place of pipx: what it would run is not on every machine
    const pipx = join(folder, "pipx");
    writeFileSync(pipx, `#!/bin/sh\nfor last; do :; done\necho "$*" > "$last"\n`);
    chmodSync(pipx, 0o755);
    const output = join(folder, "sbom");
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(checkoutRoot, "cli/bootstrap.mjs"), "sbom", "--output", output],
      {
        env: { ...process.env, PATH: [folder, process.env["PATH"]].join(delimiter) },
        encoding: "utf8",
      },
    );
    expect([status, status === 0 ? "" : stderr]).toEqual([0, ""]);
    const names = ["backup", "catboost", "notebooks", "npm", "predict", "serving", "tracking"];
    expect(readdirSync(output)).toEqual(names.map((name) => `${name}.cdx.json`));
    const bom = JSON.parse(readFileSync(join(output, "npm.cdx.json"), "utf8")) as {
      bomFormat: string;
      components: { name: string }[];
    };
    expect(bom.bomFormat).toBe("CycloneDX");
    expect(bom.components.map(({ name }) => name)).toContain("@pulumi/pulumi");
    const python = readFileSync(join(output, "tracking.cdx.json"), "utf8");
    expect(python).toMatch(
      /^run --spec cyclonedx-bom==\d\S+ cyclonedx-py requirements \S+tracking\/requirements.txt /,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);
