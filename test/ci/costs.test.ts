import { costTable, difference, freeSentence } from "../../ci/costTable.ts";
import { plannedCosts } from "../../ci/costs.ts";
import { readPlan } from "../../ci/plan.ts";
import { planOf, platform, types } from "./plans.ts";

const tableOf = (...given: Parameters<typeof planOf>) =>
  costTable(plannedCosts(readPlan(planOf(...given))));

test("sums up by component, though a component and its resource share a name", () => {
  expect(tableOf(...platform("same", "db-custom-1-3840"))).toBe(
    [
      "US dollars a month, list prices of us-central1 as of 2026-11-22",
      "",
      "                       was      now   change",
      "  mlops-bucket        2.00     2.00",
      "  mlops-cloud-sql     9.37    51.01   +41.64",
      "  mlops-gke         131.92   131.92",
      "  ──────────────────────────────────────────",
      "  total             143.29   184.93   +41.64",
    ].join("\n"),
  );
});

test("a new stack has cost nothing before", () => {
  const costs = plannedCosts(readPlan(planOf(...platform("create", "db-f1-micro"))));
  expect(costs).toMatchObject({ was: 0, now: 143.29 });
});

test("a stack that is removed costs nothing after", () => {
  const costs = plannedCosts(readPlan(planOf(...platform("delete", "db-f1-micro"))));
  expect(costs).toMatchObject({ was: 143.29, now: 0 });
});

test("a replacement is counted once, though the CLI writes three steps", () => {
  const step = { type: types.bucket, inputs: { location: "us-central1" } };
  const costs = plannedCosts(
    readPlan(
      planOf(
        { ...step, op: "create-replacement" },
        { ...step, op: "replace" },
        { ...step, op: "delete-replaced" },
      ),
    ),
  );
  expect(costs).toMatchObject({ was: 0.2, now: 0.2 });
});

test("a resource outside any component has its own line", () => {
  const { components } = plannedCosts(
    readPlan(planOf({ type: types.bucket, name: "scratch", inputs: {} })),
  );
  expect(components.map(({ component }) => component)).toEqual(["scratch"]);
});

test("says what pausing saves", () => {
  const costs = plannedCosts(readPlan(planOf({ op: "same", type: types.cluster })));
  expect(costTable(costs, 184.93)).toContain(
    "\n\nPaused: 111.93 US dollars a month less than the 184.93 of the running platform",
  );
});

test("a stack on the user's own cluster costs nothing", () => {
  expect(tableOf({ type: types.deployment }, { type: types.claim })).toBe(freeSentence);
});

test("names what the total does not include", () => {
  const cache = { type: "gcp:redis/instance:Instance", name: "cache" };
  const sentence = "Not in the total, price unknown: cache (gcp:redis/instance:Instance)";
  expect(tableOf(cache)).toBe(sentence);
  expect(tableOf(cache, { type: types.bucket }).split("\n").slice(-2)).toEqual(["", sentence]);
});

test.each([
  [1, 1, ""],
  [1, 2.5, "+1.50"],
  [2.5, 1, "−1.50"],
  [0.1 + 0.2, 0.3, ""],
])("from %p to %p: %p", (was, now, expected) => {
  expect(difference(was, now)).toBe(expected);
});
