/*
 * npm run bench                      all that compare, then the page docs/performance.md
 * npm run bench model_server         one of them; what follows its name goes to it
 * npm run bench -- --gate            all, and an error where a ratio is more than a quarter below its target or, where that
 *                                    is out of reach, below the one in bench/results until then
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../local/support/cache.ts";
import { run, runInForeground } from "../local/support/process.ts";
import { environment } from "../test/support/pythonEnvironment.ts";
import { type Comparison, tooLow } from "./comparison.ts";

const benchmarks = [
  ...["program_speed.ts", "type_check.ts", "critical_path.ts", "plan_cost.ts"],
  ...["model_server.py", "tracking_writes.py", "tracking_reads.py", "dask_search.py"],
  ...["image_footprint.py", "first_prediction.ts"],
];
const files = new Map(benchmarks.map((file) => [file.replace(/\.\w+$/, ""), file]));

const words = process.argv.slice(2);
const gate = words[0] === "--gate";
const [name, ...further] = gate ? [] : words;
if (name !== undefined && !files.has(name)) {
  console.error(`error: no benchmark ${name}; choose from ${[...files.keys()].join(", ")}`);
  process.exit(2);
}
const wanted = name === undefined ? [...files.keys()] : [name];

const resultsOf = (one: string) => join(checkoutRoot, "bench/results", `${one}.json`);
const comparisonsOf = (one: string): Comparison[] => {
  const text = readFileSync(resultsOf(one), "utf8");
  return (JSON.parse(text) as { comparisons: Comparison[] }).comparisons;
};
const published = wanted.filter((one) => existsSync(resultsOf(one))).flatMap(comparisonsOf);

const python = await environment("bench");
/** What is in our images and in those of others, and what visits the pages in them. */
const inImages = async () => {
  const ours = ["trackingImage", "predictImage", "servingImage"] as const;
  const others = ["mlflowExtras", "streamlitModel", "mlflowModel", "predict"] as const;
  const pythons: [string, string][] = [];
  for (const one of [...ours, ...others]) pythons.push([one, await environment(one)]);
  return ["--python", JSON.stringify(Object.fromEntries(pythons))];
};
const start = (file: string, ...args: string[]) =>
  runInForeground(
    file.endsWith(".ts") ? process.execPath : python,
    [join("bench", file), ...args],
    {
      cwd: checkoutRoot,
    },
  );
for (const one of wanted) {
  console.log(`\n# ${one}`);
  const needed = one === "image_footprint" ? await inImages() : [];
  const code = await start(files.get(one)!, ...needed, ...further);
  if (code !== 0) process.exit(code);
}
await start("report.py");
await run("npx", ["prettier", "--write", "docs/performance.md"], { cwd: checkoutRoot });

const low = tooLow(wanted.flatMap(comparisonsOf), published);
low.forEach((line) => console.log(line));
if (gate && low.length > 0) process.exit(1);
