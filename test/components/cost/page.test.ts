import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkoutRoot } from "../../../local/support/cache.ts";
import { monthlyCostUsd, pricesAsOf } from "../../../components/cost/index.ts";
import { pool, resource, sql } from "./resources.ts";

const page = readFileSync(join(checkoutRoot, "docs", "explanation", "cost.md"), "utf8");

/** The price that the page has for what matches. */
function written(what: string): string {
  const row = page.split("\n").find((line) => line.startsWith("| ") && line.includes(what));
  return row?.split("|").at(-2)?.trim() ?? `no row with ${what}`;
}

test("the page has the same date as the prices", () => {
  expect(page).toContain(`as of ${pricesAsOf}`);
});

test.each([
  "db-f1-micro",
  "db-g1-small",
  "db-custom-1-3840",
  "db-custom-2-7680",
  "db-perf-optimized-N-2",
])("%s", (tier) => {
  const disk = 1.7;
  expect(written(`\`${tier}\``)).toBe((monthlyCostUsd([sql({ tier })]) - disk).toFixed(2));
});

const node = (machineType: string, more: object = {}) => {
  const nodeConfig = { machineType, diskSizeGb: 0, ...more };
  return monthlyCostUsd([pool({ location: "us-central1-a", nodeCount: 1, nodeConfig })]).toFixed(2);
};

test.each(["e2-medium", "e2-standard-2", "e2-standard-4", "e2-highmem-2"])("%s", (machine) => {
  expect(written(`\`${machine}\``)).toBe(node(machine));
});

test.each([
  ["g2-standard-4", { guestAccelerators: [{ type: "nvidia-l4", count: 1 }] }],
  ["n1-standard-4", { guestAccelerators: [{ type: "nvidia-tesla-t4", count: 1 }] }],
])("one node with a GPU: %s", (machine, more) => {
  const both = `${node(machine, more)}/${node(machine, { ...more, spot: true })}`;
  expect(written(`\`${machine}\``)).toBe(both);
});

test.each([
  ["NAT gateway", "gcp:compute/routerNat:RouterNat"],
  ["GKE cluster management", "gcp:container/cluster:Cluster"],
  ["Static address", "gcp:compute/globalAddress:GlobalAddress"],
  ["Managed zone", "gcp:dns/managedZone:ManagedZone"],
])("%s", (what, type) => {
  expect(written(what)).toBe(monthlyCostUsd([resource(type)]).toFixed(2));
});
