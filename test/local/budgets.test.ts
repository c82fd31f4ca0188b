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
  const lines = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|go|yaml|tpl)$/.test(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8").split("\n").length - 1)
    .reduce((sum, count) => sum + count, 0);
  expect(lines).toBeGreaterThan(0);
  expect(lines).toBeLessThanOrEqual(Number(stated.replace(",", "")) * 1.05);
});
