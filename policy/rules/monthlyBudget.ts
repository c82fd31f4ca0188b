import { monthlyCosts, pricesAsOf } from "../../components/cost/index.ts";
import type { StackRule } from "../rule.ts";

export const monthlyBudget: StackRule = {
  name: "monthly-budget",
  description: "The stack costs no more a month than its budget, if it has one.",
  level: "mandatory",
  configSchema: {
    properties: {
      monthlyBudgetUsd: {
        type: "number",
        minimum: 0,
        description:
          "Most US dollars a month, by the list prices of the package. No limit by default.",
      },
    },
  },
  checkStack(resources, config) {
    const budget = config["monthlyBudgetUsd"];
    if (typeof budget !== "number") return [];
    const items = monthlyCosts(
      resources.map(({ type, name, values }) => ({ type, name, inputs: values })),
    );
    const total = items.reduce((sum, { monthlyUsd }) => sum + monthlyUsd, 0);
    if (total <= budget) return [];
    const dearest = items
      .toSorted((one, other) => other.monthlyUsd - one.monthlyUsd)
      .slice(0, 3)
      .map(({ resource, item, monthlyUsd }) => `${resource} (${item}) ${monthlyUsd.toFixed(2)}`);
    return [
      {
        fault: `the stack costs ${total.toFixed(2)} US dollars a month by the prices of ${pricesAsOf}, over its budget of ${budget}; most of it is ${dearest.join(", ")}; choose smaller machines, pause the stack, or raise monthlyBudgetUsd`,
      },
    ];
  },
};
