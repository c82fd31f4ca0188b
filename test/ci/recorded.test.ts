import { readFileSync } from "node:fs";
import { join } from "node:path";
import { previewComment } from "../../ci/comment.ts";
import { costTable } from "../../ci/costTable.ts";
import { plannedCosts } from "../../ci/costs.ts";
import { readPlan } from "../../ci/plan.ts";
import { monthlyBudget } from "../../policy/rules/monthlyBudget.ts";

/* Plans that the Pulumi CLI 3.255 printed, less what nothing here reads. */
const recorded = (name: string) =>
  readPlan(readFileSync(join(__dirname, "recorded", `${name}.json`), "utf8"));

test("the stack gke, by Google's provider", () => {
  expect(costTable(plannedCosts(recorded("gke")))).toBe(
    [
      "US dollars a month, list prices of us-central1 as of 2026-11-22",
      "",
      "                      was      now    change",
      "  mlops-bucket       0.00     0.20     +0.20",
      "  mlops-cloud-sql    0.00    51.09    +51.09",
      "  mlops-gke          0.00   126.92   +126.92",
      "  mlops-grafana      0.00     0.10     +0.10",
      "  mlops-images       0.00     0.50     +0.50",
      "  mlops-prometheus   0.00     0.80     +0.80",
      "  mlops-vpc          0.00     6.72     +6.72",
      "  ──────────────────────────────────────────",
      "  total              0.00   186.33   +186.33",
    ].join("\n"),
  );
  expect(previewComment(recorded("gke"), { stack: "gke", acknowledged: [] }).refusals).toEqual([]);
});

test("the policy counts the same", () => {
  const resources = recorded("gke").map(({ urn, name, type, after }) => {
    return { urn, name, type, values: after!.inputs, stack: "gke", protect: after!.protect };
  });
  const [found] = monthlyBudget.checkStack(resources, { monthlyBudgetUsd: 186 });
  expect(found?.fault).toContain("the stack costs 186.33 US dollars a month");
  expect(monthlyBudget.checkStack(resources, { monthlyBudgetUsd: 187 })).toEqual([]);
});

test("each model of a stack on Autopilot has its own line", () => {
  // one of two pods, and one of two pods at the least
  expect(costTable(plannedCosts(recorded("models")))).toBe(
    [
      "US dollars a month, list prices of us-central1 as of 2026-11-22",
      "",
      "                                        was     now   change",
      "  mlops-gke                            0.00   73.00   +73.00",
      "  mlops-serving-diabetes-progression   0.00    8.37    +8.37",
      "  mlops-serving-fraud-2-e49fba         0.00    8.37    +8.37",
      "  ──────────────────────────────────────────────────────────",
      "  total                                0.00   89.74   +89.74",
    ].join("\n"),
  );
});

test("a password of another length and one that is gone", () => {
  const { refusals, markdown } = previewComment(recorded("passwords"), {
    stack: "dev",
    acknowledged: ["mlops-database-old-password"],
  });
  expect(refusals).toEqual([
    "mlops-database-password holds data that this change loses; acknowledge the loss, or undo the change",
  ]);
  expect(markdown).toContain("### Preview of stack `dev`: 1 to replace, 1 to delete, 3 unchanged");
  expect(markdown).toContain("is replaced because of length");
});
