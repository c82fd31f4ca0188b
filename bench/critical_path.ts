/* How long `up` takes, modelled from the graph of what the program registers. It needs no cluster and no account. */
import { readFileSync } from "node:fs";
import { type Comparison, keep, table } from "./comparison.ts";
import { criticalPath, type Duration, endOf, type PartByHand, readyAfter } from "./criticalPath.ts";
import { platformProgram } from "./platformProgram.ts";
import { evaluate } from "./pulumiMonitor.ts";

const text = readFileSync(new URL("durations.json", import.meta.url), "utf8");
const { notes, resources, byHand } = JSON.parse(text) as {
  notes: { model: string; byHand: string; limit: string };
  resources: Duration[];
  byHand: PartByHand[];
};

async function pathOf(stack: string) {
  const found = await evaluate(platformProgram(stack));
  const path = criticalPath([...found.resources, ...found.components], resources);
  return path.filter(({ seconds }) => seconds > 0);
}

const compared = (what: string, ours: number, against: string, theirs: number, target: number) =>
  ({
    ...{ what: `${what}, modelled`, against, unit: "s", ours: [ours], theirs: [theirs] },
    ...{ moreIsBetter: false, target, modelled: true },
  }) satisfies Comparison;

const [local, google] = [await pathOf("dev"), await pathOf("gke")];
const longest = Math.max(...local.map(({ seconds }) => seconds));
const { seconds: database } = google.find(({ name }) => name.endsWith("-instance"))!;
const parts = byHand.map((part) => ({ ...part, ready: readyAfter(part) }));
const sum = parts.reduce((total, { ready }) => total + ready, 0);

const steps = (stack: string, path: typeof local) =>
  table(
    [`On the path of \`${stack}\``, "Takes, s", "Ready at, s", "Source"],
    path.map(({ name, seconds, end, source }) => [name, seconds, end.toFixed(1), source]),
  );
const ofParts = table(
  ["Part by hand", "Starts in, s", "Ready after, s", "Source"],
  parts.map(({ what, starts, ready, source }) => [what, starts.join(" + "), ready, source]),
);
const comparisons = [
  compared("dev", endOf(local), "the parts by hand, charts' defaults", sum, 5),
  compared("dev", endOf(local), "its longest part", longest, 1 / 1.3),
  compared("gke", endOf(google), "Cloud SQL by itself", database, 1 / 1.05),
];
keep("critical_path", "Critical path of `up` (modelled)", comparisons, {
  notes: [
    notes.model,
    steps("dev", local),
    steps("gke", google),
    notes.byHand,
    ofParts,
    notes.limit,
  ],
});
