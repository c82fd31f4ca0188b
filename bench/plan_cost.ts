/* The costs that a preview prints: next to those of Infracost's tests, what has none, and how long the table takes. */
import { costTable } from "../ci/costTable.ts";
import { plannedCosts } from "../ci/costs.ts";
import { readPlan } from "../ci/plan.ts";
import { keep, table } from "./comparison.ts";
import { comparedPrice, goldenPrices } from "./goldenPrices.ts";
import { platformProgram } from "./platformProgram.ts";
import { evaluate } from "./pulumiMonitor.ts";

const { resources, components } = await evaluate(platformProgram("gke"));
// what `pulumi preview --json` would print
const steps = [...components, ...resources].map(({ urn, type, parent, inputs }) => {
  return { op: "create", urn, newState: { urn, type, parent, inputs } };
});
const plan = JSON.stringify({ steps });
const { unpriced } = plannedCosts(readPlan(plan));
if (unpriced.length > 0) throw new Error(`without a price: ${unpriced.join(", ")}`);
const milliseconds = Array.from({ length: 22 }, () => {
  const started = performance.now();
  costTable(plannedCosts(readPlan(plan)));
  return performance.now() - started;
}).slice(1);
const { notes, rows, changed } = goldenPrices;
const prices = rows.map((row) => ({ ...row, ...comparedPrice(row) }));
const same = prices.filter(({ differs }) => differs === undefined);
const error = [Math.max(...same.map((price) => price.error))];
const limits = [
  { what: `largest error of ${same.length} prices`, unit: "%", ours: error, limit: 2 },
  { what: `table of ${resources.length} resources`, unit: "ms", ours: milliseconds, limit: 50 },
];
const ofPrices = table(
  ["Resource and items", "Of", "This platform, USD", "Infracost, USD", "Difference"],
  prices.map(({ golden, resource, items, ours, theirs, differs, ...price }) => {
    const cells = [`\`${resource}\`: ${items.join(", ")}`, changed[golden]!];
    return [...cells, ours.toFixed(2), theirs.toFixed(2), differs ?? `${price.error.toFixed(2)} %`];
  }),
);
const compared = { against: "the limit", moreIsBetter: false, target: 1 };
const comparisons = limits.map(({ limit, ...one }) => {
  return { ...one, ...compared, theirs: one.ours.map(() => limit) };
});
keep("plan_cost", "Cost of a plan", comparisons, { notes: [...notes, ofPrices] });
