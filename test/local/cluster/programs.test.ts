import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { ensureHelm, ensurePrograms } from "../../../local/cluster/programs.ts";

let root: string;
const before = process.env;
const inRoot = (file: string) => join(root, file);

/** Puts a program on PATH that does what the shell script says. */
function program(name: string, script: string): void {
  mkdirSync(inRoot("path"), { recursive: true });
  writeFileSync(inRoot(`path/${name}`), `#!/bin/sh\n${script}\n`);
  chmodSync(inRoot(`path/${name}`), 0o755);
}

// The argument after -o is the program to be written.
const fakeGo = (build = "", version = "go1.26.0") =>
  program(
    "go",
    `if [ "$1" = env ]; then echo ${version}; exit; fi; echo "$*" >> ${inRoot("built")}
program=; while [ -n "$1" ]; do [ "$1" = -o ] && program=$2; shift; done
${build}
echo built > "$program"`,
  );

const builtIn = (folder: string) =>
  existsSync(inRoot(folder)) ? readdirSync(inRoot(folder), { recursive: true }) : [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mlops-build-"));
  process.env = { ...before, PATH: [inRoot("path"), "/usr/bin", "/bin"].join(delimiter) };
});
afterEach(() => {
  process.env = before;
  rmSync(root, { recursive: true });
});

describe("the cluster's programs", () => {
  const ensure = () => ensurePrograms(inRoot("bin"), () => {});

  test("a full disk is reported with the space that is needed", async () => {
    fakeGo("echo 'write /x: no space left on device' >&2; exit 1");
    await expect(ensure()).rejects.toThrow(
      /^The disk is full: building the local cluster needs about 10 GB/,
    );
  });

  test("a Go that is too old is reported with a link to a newer one", async () => {
    fakeGo("exit 1", "go1.19.8");
    await expect(ensure()).rejects.toThrow(
      /but only go1\.19\.8 is installed; install it from https:\/\/go\.dev\/dl/,
    );
  });

  test("a failed build leaves nothing that the next one would take for a result", async () => {
    fakeGo('echo half > "$program"; case "$program" in *cluster.*) exit 1;; esac');
    await expect(ensure()).rejects.toThrow(/exit code 1/);

    fakeGo();
    const { cluster, pause } = await ensure();
    expect(readFileSync(cluster, "utf8")).toBe("built\n");
    expect(readdirSync(join(cluster, "..")).sort()).toEqual(["cluster", "pause"]);

    fakeGo("exit 1"); // a second call builds nothing
    expect(await ensure()).toEqual({ cluster, pause });
  });
});

describe("helm", () => {
  const ensure = () => ensureHelm({ folder: inRoot("bin") });

  test("a helm 3 on PATH is used", async () => {
    program("helm", "echo v3.20.1");
    fakeGo("exit 1");
    expect(await ensure()).toBe(inRoot("path/helm"));
  });

  test.each([["v2.17.0"], ["v3.9.4"], ["v4.0.1"]])("a helm %s is passed over", async (version) => {
    program("helm", `echo ${version}`);
    fakeGo();
    expect(await ensure()).toContain(inRoot("bin"));
  });

  test("helm is built once, reports its version, and replaces an earlier build", async () => {
    mkdirSync(inRoot("bin/earlier"), { recursive: true });
    fakeGo();
    const built = await ensure();
    expect(readFileSync(built, "utf8")).toBe("built\n");
    expect(await ensure()).toBe(built);
    expect(readdirSync(inRoot("bin"))).toHaveLength(1);
    const builds = readFileSync(inRoot("built"), "utf8").trim().split("\n");
    expect(builds).toEqual([
      expect.stringMatching(
        /internal\/version\.version=v3\.20\.2 .*k8sVersionMinor=35 .*helm\.sh\/helm\/v3\/cmd\/helm$/,
      ),
    ]);
  });

  test("a failed build leaves nothing that would be taken for helm", async () => {
    fakeGo('echo half > "$program"; exit 1');
    await expect(ensure()).rejects.toThrow(/exit code 1/);
    expect(builtIn("bin").filter((name) => /helm/.test(String(name)))).toEqual([]);
  });
});

test("a log of a long build has one line in 20 seconds", async () => {
  const reports: string[] = [];
  fakeGo('for i in 1 2 3 4 5 6 7 8 9; do echo "package/$i" >&2; done');
  await ensurePrograms(inRoot("bin"), (text) => reports.push(text));
  expect(reports).toEqual([expect.stringMatching(/^building Kubernetes v1\.35\.\d+ .*: 1 pack/)]);
});
