import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEngine } from "../../cli/engineChoice.ts";
import { plainOverrides, readSettings } from "../../cli/stackSettings.ts";
import type * as processes from "../../local/support/process.ts";

const started: { args: readonly string[]; input?: string }[] = [];
jest.mock("../../local/support/process.ts", () => ({
  ...jest.requireActual<typeof processes>("../../local/support/process.ts"),
  runInForeground: (_: string, args: readonly string[], options: { input?: string }) => {
    started.push({ args, input: options.input });
    return Promise.resolve(0);
  },
}));

const folder = mkdtempSync(join(tmpdir(), "mlops-settings-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "receivers.json");
const receivers = '{"heartbeat":{"url":"https://example.org/MARKER"}}';
writeFileSync(file, `${receivers}\n`);

test("a secret setting comes from a file", () => {
  const { overrides } = readSettings({ config: [`alertReceivers=@${file}`] });
  expect(overrides).toEqual({ alertReceivers: receivers });
});

test("the part of a command line that is kept for later commands has no secrets", () => {
  const config = [`mlops-platform:alertReceivers=@${file}`, "monitoring=false"];
  const settings = readSettings({ config });
  expect(settings.config.alertReceivers).toBeDefined();
  expect(plainOverrides(settings)).toEqual({ monitoring: "false" });
});

// SECURITY.md: Settings that are secret are in no process's arguments.
test.each(["alertReceivers", "mlops-platform:alertReceivers"])(
  "%s among the arguments is refused, without repeating it",
  (key) => {
    const read = () => readSettings({ config: [`${key}=${receivers}`] });
    expect(read).toThrow(
      `--config ${key} is secret, and every user of this machine can read arguments; give it as ${key}=@FILE, or ${key}=@- for standard input`,
    );
    expect(read).not.toThrow(/MARKER/);
  },
);

test("a missing file is named", () => {
  expect(() => readSettings({ config: ["domain=@/no/such/file"] })).toThrow(
    /--config domain=@\/no\/such\/file cannot be read: .*ENOENT/,
  );
});

// SECURITY.md: Settings that are secret are in no process's arguments.
test("the built-in engine gets settings through standard input, never as arguments", async () => {
  const settings = readSettings({ config: [`alertReceivers=@${file}`] });
  const engine = openEngine("builtin", settings, { context: "somewhere" });
  await engine.preview();
  await engine.up();
  expect(started).toHaveLength(2);
  for (const { args, input } of started) {
    expect(args.join(" ")).not.toContain("MARKER");
    const { config, secrets } = JSON.parse(input!) as { config: object; secrets: string[] };
    expect(config).toEqual({ alertReceivers: receivers, kubeContext: "somewhere" });
    expect(secrets).toContain("alertReceivers");
  }
});
