import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";

// Where people's checkouts are: in a synchronized folder with blanks, brackets and an umlaut, or behind a link to it.
const root = resolve(__dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "mlops-checkout-"));
const checkout = join(folder, "My Drive - Büro (1)", "mlops platform");
const link = join(folder, "link");
const notCopied = [".git", ".mlops", "node_modules", "test", "test-results", "bin"];

jest.setTimeout(120_000);

beforeAll(() => {
  mkdirSync(checkout, { recursive: true });
  cpSync(root, checkout, {
    recursive: true,
    preserveTimestamps: true,
    filter: (path) => !notCopied.includes(basename(path)),
  });
  symlinkSync(join(root, "node_modules"), join(checkout, "node_modules"));
  symlinkSync(checkout, link);
});

afterAll(() => rmSync(folder, { recursive: true }));

function mlops(cwd: string, ...args: string[]) {
  const env = { ...process.env, KUBECONFIG: join(folder, "none") };
  const options = { cwd, env, encoding: "utf8" } as const;
  const { status, stdout, stderr } = spawnSync(
    "node",
    [join(cwd, "cli", "bootstrap.mjs"), ...args],
    options,
  );
  return { status, stdout, stderr };
}

test.each([
  ["below a folder with blanks, brackets and an umlaut", checkout],
  ["behind a link", link],
])("the program is previewed from a checkout %s", (_, cwd) => {
  const { status, stdout, stderr } = mlops(cwd, "preview", "--engine", "builtin");
  expect(stdout + stderr).toMatch(/Plan: \d+ to create/);
  expect(status).toBe(0);
});

test("a command that requires a deployment fails with one sentence that says so", () => {
  const { status, stderr } = mlops(checkout, "outputs");
  expect(stderr).toBe("error: the stack dev has no outputs yet; run `npm run up` first\n");
  expect(status).toBe(1);
});
