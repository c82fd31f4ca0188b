import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";

const local = join(checkoutRoot, "local");
const workspaces = readdirSync(local).filter((name) =>
  existsSync(join(local, name, "package.json")),
);

test("the engine and the image builder are workspaces", () => {
  expect(workspaces).toEqual(expect.arrayContaining(["engine", "images"]));
});

test.each(workspaces)("local/%s stays within the size that its README states", (name) => {
  const folder = join(local, name);
  const readme = readFileSync(join(folder, "README.md"), "utf8");
  const [, stated = "0"] = /^Size: at most ([\d,]+) lines\b/m.exec(readme) ?? [];
  const lines = readdirSync(folder)
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(join(folder, file), "utf8").split("\n").length - 1)
    .reduce((sum, count) => sum + count, 0);
  expect(lines).toBeGreaterThan(0);
  expect(lines).toBeLessThanOrEqual(Number(stated.replace(",", "")));
});
