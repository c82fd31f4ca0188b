import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../../local/support/cache.ts";
import { UserError } from "../../local/support/errors.ts";
import { run, which } from "../../local/support/process.ts";

const cyclonedx = ["run", "--spec", "cyclonedx-bom==7.5.0", "cyclonedx-py"];
const pythonParts = [
  "apps/backup",
  "apps/predict",
  "apps/serving",
  "apps/tracking",
  "notebooks",
  "runtimes/catboost",
];

/** What the platform is made of, as CycloneDX: one file for npm, one for each set of Python packages. */
export async function sbom({
  output: folder = join(checkoutRoot, "sbom"),
}: {
  output?: string;
}): Promise<number> {
  if (!which("pipx")) {
    throw new UserError(
      "the Python packages need pipx, which is not on PATH; install it (apt-get install pipx)",
    );
  }
  mkdirSync(folder, { recursive: true });
  const npm = ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only"];
  writeFileSync(join(folder, "npm.cdx.json"), await run("npm", npm, { cwd: checkoutRoot }));
  for (const part of pythonParts) {
    const file = join(folder, `${part.split("/").at(-1)}.cdx.json`);
    const requirements = join(checkoutRoot, part, "requirements.txt");
    await run("pipx", [
      ...cyclonedx,
      "requirements",
      requirements,
      "--output-reproducible",
      "-o",
      file,
    ]);
    console.error(`✓ ${file}`);
  }
  return 0;
}
