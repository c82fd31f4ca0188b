import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { openEngine } from "../../cli/engineChoice.ts";
import { readSettings } from "../../cli/stackSettings.ts";
import type * as cache from "../../local/support/cache.ts";

// The Automation API runs a program on PATH that writes down its arguments and answers as the Pulumi CLI does.
const folder = mkdtempSync(join(tmpdir(), "pulumi-calls-"));
const workFolder = join(folder, "work");
jest.mock("../../local/support/cache.ts", () => ({
  ...jest.requireActual<typeof cache>("../../local/support/cache.ts"),
  get workFolder() {
    return workFolder;
  },
}));

const calls = join(folder, "calls");
const before = { ...process.env };

beforeEach(() => {
  mkdirSync(join(folder, "bin"), { recursive: true });
  writeFileSync(calls, "");
  process.env["PATH"] = [join(folder, "bin"), before["PATH"]].join(delimiter);
  process.env["PULUMI_HOME"] = folder;
  answers({});
  jest.spyOn(process.stdout, "write").mockReturnValue(true);
  jest.spyOn(process.stderr, "write").mockReturnValue(true);
  jest.spyOn(console, "warn").mockReturnValue();
});
afterEach(() => {
  process.env = { ...before };
  jest.restoreAllMocks();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What the CLI does for some of its commands, in lines of shell. */
function answers(cases: Record<string, string>): void {
  const all = {
    version: "echo v3.255.0",
    "*stack output*": "echo '{}'",
    "*stack history*": "echo '[]'",
    "*stack export*": `echo '{"deployment":{"secrets_providers":{"type":"own"},"resources":[]}}'`,
    ...cases,
  };
  const lines = Object.entries(all).map(
    ([words, what]) => `${words.replaceAll(" ", "\\ ")}) ${what} ;;`,
  );
  const script = `#!/bin/sh\necho "$@" >> ${calls}\ncase "$*" in\n${lines.join("\n")}\nesac\n`;
  writeFileSync(join(folder, "bin", "pulumi"), script);
  chmodSync(join(folder, "bin", "pulumi"), 0o755);
}

/** The commands that change or show a stack, in their order. */
const operations = () =>
  readFileSync(calls, "utf8")
    .split("\n")
    .filter((line) => /^(preview|up|destroy|refresh)/.test(line));

const engine = (...config: string[]) => openEngine("pulumi", readSettings({ config }), {});

test("what was changed by hand is read from the cluster before the preview", async () => {
  expect(await engine().up(undefined, { refresh: ["urn:page"] })).toBe(0);
  const [first, ...rest] = operations();
  expect(first).toMatch(/^refresh .*--target urn:page/);
  expect(rest.map((line) => line.split(" ")[0])).toEqual(["preview", "up"]);
});

// SECURITY.md: Settings that are secret are in no process's arguments.
test("a secret setting is encrypted by the CLI, and in no argument of it", async () => {
  answers({ "config set*": `cat >> ${folder}/encrypted` });
  const file = join(folder, "receivers.json");
  writeFileSync(file, '{"heartbeat":{"url":"https://example.org/MARKER"}}');
  expect(await engine(`alertReceivers=@${file}`).up()).toBe(0);
  expect(readFileSync(join(folder, "encrypted"), "utf8")).toBe("https://example.org/MARKER");
  expect(readFileSync(calls, "utf8")).toMatch(
    /^config set --path alertReceivers\["heartbeat"\]\["url"\] --secret /m,
  );
  const settings = join(workFolder, "pulumi", "Pulumi.dev.yaml");
  for (const path of [settings, calls]) expect(readFileSync(path, "utf8")).not.toContain("MARKER");
  expect(statSync(settings).mode & 0o077).toBe(0);
});

test("`up` previews first, and changes nothing where the preview is refused", async () => {
  expect(await engine().up()).toBe(0);
  expect(operations().map((line) => line.split(" ")[0])).toEqual(["preview", "up"]);

  writeFileSync(calls, "");
  answers({ "preview*": "exit 255" });
  expect(await engine().up()).toBe(1);
  expect(operations().map((line) => line.split(" ")[0])).toEqual(["preview"]);
});

test("`down` previews first, and changes nothing where protected data would be deleted", async () => {
  answers({ "destroy*--preview-only*": "exit 255" });
  expect(await engine().down({ keepData: false })).toBe(1);
  expect(operations()).toEqual([expect.stringContaining("--preview-only")]);
});

test("a stack without an `up` has no outputs", async () => {
  await engine().exportState();
  answers({ "*stack output*": "echo \"error: no stack named 'dev' found\" >&2; exit 255" });
  expect(await engine().outputs({ showSecrets: true })).toEqual({});
});

test("a state is imported through standard input, with the stack's own encryption", async () => {
  answers({ "*stack import*": `cat > ${folder}/imported` });
  const state = { version: 3, deployment: { resources: ["MARKER"], secrets_providers: {} } };
  await engine().importState(JSON.stringify(state));
  expect(JSON.parse(readFileSync(join(folder, "imported"), "utf8"))).toEqual({
    version: 3,
    deployment: { resources: ["MARKER"], secrets_providers: { type: "own" } },
  });
  expect(readFileSync(calls, "utf8")).not.toMatch(/MARKER|--file/);
});
