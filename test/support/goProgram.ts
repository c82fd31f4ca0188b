import { existsSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { checkoutRoot, claimCache } from "../../local/support/cache.ts";
import { contentKey, goBuild, requireGo } from "../../local/support/goBuild.ts";
import { which } from "../../local/support/process.ts";

/** The folder of its go.mod in `goPrograms`, and its package. */
const programs = {
  actionlint: ["actionlint", "github.com/rhysd/actionlint/cmd/actionlint"],
  "oauth2-proxy": ["oauth2-proxy", "github.com/oauth2-proxy/oauth2-proxy/v7"],
  prometheus: ["prometheus", "github.com/prometheus/prometheus/cmd/prometheus"],
  promtool: ["prometheus", "github.com/prometheus/prometheus/cmd/promtool"],
} as const;

/** Path of a program that a go.mod pins: built once, kept with the other programs of tests. */
export async function goProgram(name: keyof typeof programs): Promise<string> {
  const [module, target] = programs[name];
  const cwd = join(checkoutRoot, "test/support/goPrograms", module);
  const folder = join(claimCache(), "tests");
  const program = join(folder, `${name}-${await contentKey(cwd, ["go.mod", "go.sum"])}`);
  if (existsSync(program)) return program;
  await requireGo((found) => `${name} is built with Go, and ${found} there`);
  await mkdir(folder, { recursive: true });
  // several test runs may build at once: the last one replaces an equal program
  const draft = `${program}.${process.pid}`;
  await goBuild({
    cwd,
    target,
    output: draft,
    // of Prometheus' service discoveries only this one
    tags: ["remove_all_sd", "enable_kubernetes_sd"],
    diskFull: `The disk is full: building ${name} needs up to 3 GB for Go's caches`,
  });
  await rename(draft, program);
  return program;
}

/** Why this machine cannot build them. */
export const reasonToSkipGo = (name: keyof typeof programs): string | undefined =>
  which("go") === undefined ? `no Go to build ${name} with` : undefined;
