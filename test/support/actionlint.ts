import { existsSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { checkoutRoot, claimCache } from "../../local/support/cache.ts";
import { contentKey, goBuild, requireGo } from "../../local/support/goBuild.ts";
import { which } from "../../local/support/process.ts";

const sources = join(checkoutRoot, "test/support/actionlint");

/** Path of the actionlint that go.mod next to this file pins: built once, kept with the other programs of tests. */
export async function actionlint(): Promise<string> {
  const name = `actionlint-${await contentKey(sources, ["go.mod", "go.sum"])}`;
  const folder = join(claimCache(), "tests");
  const program = join(folder, name);
  if (existsSync(program)) return program;
  await requireGo((found) => `actionlint is built with Go, and ${found} there`);
  await mkdir(folder, { recursive: true });
  // several test runs may build at once: the last one replaces an equal program
  const draft = `${program}.${process.pid}`;
  await goBuild({
    cwd: sources,
    target: "github.com/rhysd/actionlint/cmd/actionlint",
    output: draft,
    diskFull: "The disk is full: building actionlint needs some 200 MB for Go's caches",
  });
  await rename(draft, program);
  return program;
}

/** Why this machine cannot lint workflows. */
export const reasonToSkipActionlint = (): string | undefined =>
  which("go") === undefined ? "no Go to build actionlint with" : undefined;
