import { join } from "node:path";
import { checkoutRoot, claimCache } from "../../local/support/cache.ts";
import { contentKey, goBuildOnce } from "../../local/support/goBuild.ts";
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
  const build = {
    cwd,
    target,
    output: program,
    // of Prometheus' service discoveries only this one
    tags: ["remove_all_sd", "enable_kubernetes_sd"],
    diskFull: `The disk is full: building ${name} needs up to 3 GB for Go's caches`,
  };
  await goBuildOnce(build, (found) => `${name} is built with Go, and ${found} there`);
  return program;
}

/** Why this machine cannot build them. */
export const reasonToSkipGo = (name: keyof typeof programs): string | undefined =>
  which("go") === undefined ? `no Go to build ${name} with` : undefined;
