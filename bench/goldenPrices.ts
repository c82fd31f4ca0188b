/* What Infracost's own tests expect Google's resources to cost, next to what the table of this repository says. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type BillableResource, monthlyCosts } from "../components/cost/index.ts";
import { checkoutRoot } from "../local/support/cache.ts";

/** The lines of a resource's bill in one of Infracost's tests, US dollars a month in us-central1. */
export interface GoldenPrice {
  golden: string;
  resource: string;
  items: string[];
  usd: number;
  /** How much of it our resources are; all of it by default. */
  share?: number;
  ours: { resources: Pick<BillableResource, "type" | "inputs">[]; item: string };
  /** Why the two do not mean the same. */
  differs?: string;
}

const text = readFileSync(join(checkoutRoot, "bench/infracost.json"), "utf8");
/** The rows, and the day on which each of Infracost's tests last changed. */
export const goldenPrices = JSON.parse(text) as {
  notes: string[];
  changed: { [golden: string]: string };
  rows: GoldenPrice[];
};

/** US dollars of ours and of theirs, and how far ours is from theirs in percent. */
export function comparedPrice({ usd, share = 1, ours: { resources, item } }: GoldenPrice) {
  const ours = monthlyCosts(resources.map((resource) => ({ name: "it", ...resource })))
    .filter((line) => line.item.startsWith(item))
    .reduce((sum, { monthlyUsd }) => sum + monthlyUsd, 0);
  const theirs = usd * share;
  return { ours, theirs, error: Math.abs(ours / theirs - 1) * 100 };
}
