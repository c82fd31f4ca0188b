import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../../../local/support/cache.ts";

const files = globSync("apps/*/Dockerfile", { cwd: checkoutRoot });

test.each(files)("%s: Python imports nothing from the working directory, /tmp", (file) => {
  const text = readFileSync(join(checkoutRoot, file), "utf8");
  expect(text.includes("PYTHONPATH=")).toBe(text.includes("PYTHONSAFEPATH=1"));
});
