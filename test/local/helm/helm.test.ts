import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { ensureHelm } from "../../../local/helm/index.ts";

let root: string;
const before = process.env;
const inRoot = (file: string) => join(root, file);

/** Puts a program on PATH that does what the shell script says. */
function program(name: string, script: string): void {
  mkdirSync(inRoot("bin"), { recursive: true });
  writeFileSync(inRoot(`bin/${name}`), `#!/bin/sh\n${script}\n`);
  chmodSync(inRoot(`bin/${name}`), 0o755);
}

// The argument after -o is the program to be written.
const go = (end = "") =>
  `if [ "$1" = env ]; then echo go1.26.0; exit; fi; echo "$*" >> ${inRoot("built")}
${end}
while [ "$1" != -o ]; do shift; done; echo built > "$2"`;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "helm-"));
  process.env = { ...before, PATH: [inRoot("bin"), "/usr/bin", "/bin"].join(delimiter) };
});
afterEach(() => {
  process.env = before;
  rmSync(root, { recursive: true });
});

test("a helm 3 on PATH is used as it is", async () => {
  program("helm", "echo v3.20.1");
  program("go", "exit 1");
  expect(await ensureHelm({ folder: inRoot("cache") })).toBe(inRoot("bin/helm"));
});

test.each([["v2.17.0"], ["v3.9.4"], ["v4.0.1"]])("a helm %s is passed over", async (version) => {
  program("helm", `echo ${version}`);
  program("go", go());
  expect(await ensureHelm({ folder: inRoot("cache") })).toContain(inRoot("cache/helm-"));
});

test("helm is built once, tells its version, and takes the place of an earlier one", async () => {
  mkdirSync(inRoot("cache"));
  writeFileSync(inRoot("cache/helm-earlier"), "");
  program("go", go());
  const built = await ensureHelm({ folder: inRoot("cache") });
  expect(readFileSync(built, "utf8")).toBe("built\n");
  expect(await ensureHelm({ folder: inRoot("cache") })).toBe(built);
  expect(readdirSync(inRoot("cache"))).toHaveLength(1);
  const builds = readFileSync(inRoot("built"), "utf8").trim().split("\n");
  expect(builds).toEqual([
    expect.stringMatching(
      /internal\/version\.version=v3\.18\.6 .*k8sVersionMinor=33 .*helm\.sh\/helm\/v3\/cmd\/helm$/,
    ),
  ]);
});

test("a build that failed leaves nothing that would be taken for helm", async () => {
  program("go", go("exit 1"));
  await expect(ensureHelm({ folder: inRoot("cache") })).rejects.toThrow(/exit code 1/);
  expect(existsSync(inRoot("cache")) ? readdirSync(inRoot("cache")) : []).toEqual([]);
});
