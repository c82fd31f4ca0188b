import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";

const local = join(checkoutRoot, "local");
const workspaces = readdirSync(local).filter((name) =>
  existsSync(join(local, name, "package.json")),
);

test("each stand-in is a workspace", () => {
  expect(workspaces.sort()).toEqual(["charts", "cluster", "engine", "images"]);
});

test.each(workspaces)("local/%s stays near the size that its README states", (name) => {
  const folder = join(local, name);
  const readme = readFileSync(join(folder, "README.md"), "utf8");
  const [, stated = "0"] = /\*\*Size\.\*\* Near ([\d,]+) lines\b/.exec(readme) ?? [];
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|go|yaml|tpl)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  const lines = linesIn(files);
  expect(lines).toBeGreaterThan(0);
  expect(lines).toBeLessThanOrEqual(Number(stated.replace(",", "")) * 1.05);
});

test("TypeScript outside tests stays near the size that CONTRIBUTING.md states", () => {
  const guide = readFileSync(join(checkoutRoot, "CONTRIBUTING.md"), "utf8");
  const [, stated = "0"] = /TypeScript outside tests stays near ([\d,]+) lines\b/.exec(guide) ?? [];
  const tracked = execFileSync("git", ["ls-files", "*.ts", "*.mjs"], { cwd: checkoutRoot });
  const files = String(tracked)
    .split("\n")
    .filter((file) => file !== "" && !/(^|\/)tests?\//.test(file))
    .map((file) => join(checkoutRoot, file))
    .filter((file) => existsSync(file));
  const lines = linesIn(files);
  expect(lines).toBeGreaterThan(20_000);
  expect(lines).toBeLessThanOrEqual(Number(stated.replace(",", "")) * 1.05);
});

function linesIn(files: readonly string[]): number {
  return files
    .map((file) => readFileSync(file, "utf8").split("\n").length - 1)
    .reduce((sum, count) => sum + count, 0);
}
