import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { ensureBinaries } from "../../../local/cluster/binaries.ts";

const root = mkdtempSync(join(tmpdir(), "mlops-build-"));
const programs = join(root, "programs");
const before = process.env;

/** Puts a `go` on PATH that does what the shell script says. */
function fakeGo(script: string): void {
  mkdirSync(programs, { recursive: true });
  writeFileSync(join(programs, "go"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(programs, "go"), 0o755);
  process.env = { ...before, PATH: `${programs}${delimiter}/usr/bin${delimiter}/bin` };
}

afterEach(() => {
  process.env = before;
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const goOf = (version: string, build: string) =>
  `if [ "$1" = env ]; then echo ${version}; exit; fi\n${build}`;
// The argument after -o is the program to be written.
const writesProgram = 'while [ "$1" != -o ]; do shift; done; echo built > "$2"';

test("a full disk is named, with how much is needed", async () => {
  fakeGo(goOf("go1.26.0", "echo 'write /x: no space left on device' >&2; exit 1"));
  await expect(ensureBinaries(join(root, "full"), () => {})).rejects.toThrow(
    /^The disk is full: building the local cluster needs about 10 GB/,
  );
});

test("a Go that is too old is named, with where to get another", async () => {
  fakeGo(goOf("go1.19.8", "exit 1"));
  await expect(ensureBinaries(join(root, "old"), () => {})).rejects.toThrow(
    /but only go1\.19\.8 is installed; install it from https:\/\/go\.dev\/dl/,
  );
});

test("a build that failed leaves nothing that the next one would take for a result", async () => {
  const folder = join(root, "retried");
  fakeGo(goOf("go1.26.0", `${writesProgram}; case "$2" in *kubernetes) exit 1;; esac`));
  await expect(ensureBinaries(folder, () => {})).rejects.toThrow(/exit code 1/);

  fakeGo(goOf("go1.26.0", writesProgram));
  const { kubernetes } = await ensureBinaries(folder, () => {});
  expect(readdirSync(join(kubernetes, "..")).sort()).toEqual(["addons", "kubernetes", "pause"]);
  expect(readdirSync(folder)).toHaveLength(1); // the draft is gone

  fakeGo("exit 1"); // a second call builds nothing
  expect(await ensureBinaries(folder, () => {})).toEqual({
    kubernetes,
    addons: join(kubernetes, "../addons"),
    pause: join(kubernetes, "../pause"),
  });
});
