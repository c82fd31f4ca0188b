/*
 * What evaluating a Pulumi program costs: the platform's own program against the default TypeScript template with the
 * same resources, and its components against the same resources without them. No engine and no provider is in it.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkoutRoot } from "../local/support/cache.ts";
import { compared, type Comparison, inPairs, keep } from "./comparison.ts";
import { platformProgram } from "./platformProgram.ts";
import { defaultTemplate, leafProgram } from "./plainProgram.ts";
import { evaluate, type Registered } from "./pulumiMonitor.ts";

const pairs = Number(process.argv[2] ?? 7);
const sizes = [100, 1000, 3000];
const folder = mkdtempSync(join(tmpdir(), "mlops-bench-"));
/** What a reader of the figures asks; measured on 27 November 2026. */
const notes = [
  "Why the targets of both stacks are out of reach: by a sampling profile of `dev`, this repository's own code takes 1.5 % of the time and the check of its arguments (ajv) 5 %. Nearly all the rest is Pulumi's SDK, the same for every program: the modules alone take 1.4 s of CPU. Node strips the types of this program and compiles nothing, which takes as long as the default template does with what it compiled before.",
  "A component is a resource, too: 250 model servers with 1,000 resources are 1,250 registrations, and 1,000 without components. Per registration both take the same time, within 3 %. Of the 6.8 ms per resource (3.0 were wanted) 5.6 ms are there without components. From 1,000 to 3,000 resources the time grows by x 2.25 (wanted: at most 2.4).",
];
// The default template keeps what it has compiled in the folder of temporary files.
const temporary = join(folder, "tmp");

function made(
  name: string,
  write: (folder: string, resources: readonly Registered[]) => void,
  resources: readonly Registered[],
): string {
  const at = join(folder, name);
  mkdirSync(at);
  write(at, resources);
  return at;
}

/** Model servers by the components of this repository, as many as make so many resources. */
function servers(at: string, count: number): void {
  const text = `
    import ${JSON.stringify(join(checkoutRoot, "program/stackTraces.ts"))};
    import { ModelServer } from ${JSON.stringify(join(checkoutRoot, "components/index.ts"))};
    for (let at = 0; at < ${count}; at++) {
      new ModelServer(\`model-\${at}\`, {
        namespace: "ml",
        image: "registry.example.com/model-server@sha256:${"0".repeat(64)}",
        modelName: \`model-\${at}\`,
        trackingUri: "http://mlflow.ml:5000",
        trackingUsername: "models",
        trackingPassword: "0123456789abcdef",
      });
    }`;
  writeFileSync(join(at, "index.ts"), text);
  writeFileSync(join(at, "package.json"), JSON.stringify({ main: "index.ts", type: "module" }));
}

try {
  mkdirSync(temporary);
  const results: Comparison[] = [];
  for (const stack of ["dev", "gke"]) {
    const program = platformProgram(stack);
    const { resources } = await evaluate(program);
    const plain = made(`default-${stack}`, defaultTemplate, resources);
    const template = { folder: plain, typescript: true, env: { TMPDIR: temporary } };
    const count = `${resources.length} resources`;
    for (const changed of [true, false]) {
      const theirs = async () => {
        if (changed)
          for (const name of readdirSync(temporary))
            rmSync(join(temporary, name), { recursive: true });
        return evaluate(template);
      };
      const when = changed ? "after a change of it" : "unchanged since the last run";
      const runs = await inPairs(pairs, `${stack}, ${when}`, () => evaluate(program), theirs);
      const targets = changed
        ? { seconds: 7, mebibytes: 5 }
        : { seconds: undefined, mebibytes: undefined };
      results.push(...compared(`${stack}, ${count}`, `default template, ${when}`, runs, targets));
    }
  }
  for (const size of sizes) {
    const one = await evaluate({
      folder: made(`one-${size}`, (at) => servers(at, 1), []),
      typescript: false,
    });
    const count = Math.ceil(size / one.resources.length);
    const components = made(`components-${size}`, (at) => servers(at, count), []);
    const { resources } = await evaluate({ folder: components, typescript: false });
    const leaf = made(`leaf-${size}`, leafProgram, resources);
    const runs = await inPairs(
      pairs,
      `${size} resources`,
      () => evaluate({ folder: components, typescript: false }),
      () => evaluate({ folder: leaf, typescript: false }),
    );
    const what = `${count} model servers, ${resources.length} resources`;
    results.push(
      ...compared(what, "without components", runs, { seconds: 1 / 1.15, mebibytes: undefined }),
    );
  }
  keep("program_speed", "Evaluating a program", results, {
    node: process.version,
    sizes,
    notes,
  });
} finally {
  rmSync(folder, { recursive: true });
}
